import type { Manifest } from './manifest.ts';

/** Starts the program in the folder that it lies in. */
export const SERVE = `// Starts this deployment: node serve.mjs [--help]. Needs Node.js 24; see README.md.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
process.argv.splice(1, process.argv.length, join(here, 'program', 'main.js'), 'serve', '--from', here, ...process.argv.slice(2));
await import('./program/main.js');
`;

const NODE_IMAGE = 'node:24-slim';

/** The folder as it is written, before its files are listed. */
export interface Described {
  readonly manifest: Omit<Manifest, 'files'>;
  /** Minor version of Python that its model was logged with, e.g. `3.11`; null for none, or one that is not said. */
  readonly python: string | null;
  /** Platforms on which it reads Parquet, e.g. `linux-x64`. */
  readonly parquetOn: readonly string[];
}

/** Nothing is installed while the image is made: Python for a model that needs it is the image's own, of the version it was logged with. */
export function dockerfile({ manifest, python }: Described): string {
  const base =
    manifest.model.flavor === 'python_function'
      ? `FROM ${NODE_IMAGE} AS node
FROM python:${python ?? '3'}-slim
COPY --from=node /usr/local/bin/node /usr/local/bin/node
# The model's environment is made from its requirements when it starts first, below /data: README.md says from where.
RUN useradd --no-create-home node`
      : `FROM ${NODE_IMAGE}`;
  return `${base}

COPY --chown=root:root . /capstan
# What is logged stays here; all else may be read-only: docker run --read-only -v capstan-data:/data ...
RUN mkdir /data && chown node:node /data
VOLUME /data
USER node
WORKDIR /capstan
ENV NODE_ENV=production NODE_DISABLE_COMPILE_CACHE=1
EXPOSE 5051 5052
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \\
  CMD ["node", "-e", "fetch('http://127.0.0.1:5051/v2/health/ready').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "serve.mjs", "--data", "/data"]
`;
}

export function readme({ manifest, python, parquetOn }: Described): string {
  const { deployment, revision, model, capstan } = manifest;
  const ofPython =
    model.flavor === 'python_function'
      ? `
## Python

The model is Python code. It needs Python ${python ?? '3'} on the machine, and what its requirements name (\`models/…/requirements.txt\`):

\`\`\`sh
node serve.mjs --data ./data --serving-python ./venv/bin/python       # an interpreter that has all of it: nothing is installed
node serve.mjs --data ./data --python python${python ?? '3'}                      # made at the first start, in the data folder, from a package index
pip download -r models/*/requirements.txt -d ../wheels                # without an index: on a machine like this one, beforehand
PIP_NO_INDEX=1 PIP_FIND_LINKS=$PWD/../wheels node serve.mjs --data ./data
\`\`\`

Until it is made the folder listens and answers 503; \`/api/v1/serving/status\` says how far it is, or what is missing.
`
      : '';
  const ofParquet =
    parquetOn.length === 0
      ? ''
      : `
\`/invocations\` reads Parquet bodies on ${parquetOn.join(' and ')}; elsewhere it answers them with 501, and all others as ever.
`;
  return `# ${deployment}, revision ${revision}

Model ${model.name}, version ${model.version} (${model.digest}), built by Capstan ${capstan}. It answers with no control plane.

\`\`\`sh
node serve.mjs --data ./data                       # Node.js 24; HTTP on 5051, gRPC on 5052
curl http://127.0.0.1:5051/v2/models/${deployment}
docker build -t ${deployment.toLowerCase()} . && docker run --read-only -v capstan-data:/data --network host ${deployment.toLowerCase()}
\`\`\`

\`http://127.0.0.1:5051/models/${deployment}/docs\` says what it takes, with requests to try.
${ofParquet}
It listens on 127.0.0.1: whoever reaches the port may ask. Let a proxy with a login stand before it, and name its host with
\`--allowed-hosts\`. In a container that is \`--network host\`, or a proxy in the same pod.

Predictions are logged below the data folder, in \`standalone/\`. \`capstan predictions import DATA\` takes them to the control plane that
CAPSTAN_URL names, each segment once.

\`manifest.json\` lists every file with its SHA-256, and the packages whose code is here with their licences; the terms are with the
packages and in \`program/THIRD-PARTY-LICENSES\`. A file that is not as listed keeps it from starting. The list is not signed: it finds
damage, not whoever can write here.
${ofPython}`;
}
