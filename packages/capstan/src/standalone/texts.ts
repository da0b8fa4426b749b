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

/** Nothing is installed while the image is made, but Python for a model that needs it. */
export function dockerfile({ model }: Manifest): string {
  const python =
    model.flavor === 'python_function'
      ? `
# The model's environment is made from its requirements when it starts first, below /data.
RUN apt-get update && apt-get install --yes --no-install-recommends python3 python3-venv && rm -rf /var/lib/apt/lists/*
`
      : '';
  return `FROM ${NODE_IMAGE}
${python}
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

export function readme({ deployment, revision, model, capstan }: Manifest): string {
  const ofPython =
    model.flavor === 'python_function'
      ? `
The model is Python code. Its environment is made from the requirements beside it (\`models/…/requirements.txt\`) when it starts first, in
the data folder, with the Python that \`--python\` names; that needs a package index, or \`--serving-python\` for an interpreter that has them.
`
      : '';
  return `# ${deployment}, revision ${revision}

Model ${model.name}, version ${model.version} (${model.digest}), built by Capstan ${capstan}. It answers with no control plane.

\`\`\`sh
node serve.mjs --data ./data                       # Node.js 24; HTTP on 5051, gRPC on 5052
curl http://127.0.0.1:5051/v2/models/${deployment}
docker build -t ${deployment.toLowerCase()} . && docker run --read-only -v capstan-data:/data --network host ${deployment.toLowerCase()}
\`\`\`

\`http://127.0.0.1:5051/models/${deployment}/docs\` says what it takes, with requests to try.
${ofPython}
It listens on 127.0.0.1: whoever reaches the port may ask. Let a proxy with a login stand before it, and name its host with
\`--allowed-hosts\`. In a container that is \`--network host\`, or a proxy in the same pod.

Predictions are logged below the data folder, in \`standalone/\`. \`capstan predictions import DATA\` takes them to the control plane that
CAPSTAN_URL names, each segment once.

\`manifest.json\` lists every file with its SHA-256, and the packages whose code is here with their licences; the terms are with the
packages and in \`program/THIRD-PARTY-LICENSES\`. A file that is not as listed keeps it from starting. The list is not signed: it finds
damage, not whoever can write here.
`;
}
