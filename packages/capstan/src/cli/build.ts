import { resolve } from 'node:path';
import type { Command } from 'commander';
import { urlOf } from './connect.ts';
import type { Registration } from './run.ts';

interface Options {
  readonly output: string;
  readonly force?: boolean;
  readonly withParquet?: boolean;
  readonly json?: boolean;
}

const HELP = `
The folder holds the program, what is served, the model's files and a Dockerfile; it needs Node.js 24 and nothing else:
  node DIR/serve.mjs --data DATA        or        capstan serve --from DIR

Example:
  capstan build iris --output ./iris-serving
`;

export function register(program: Command, { terminal, action }: Registration): void {
  program
    .command('build <deployment>')
    .description('Write a deployment as a folder that serves it with no control plane')
    .requiredOption('-o, --output <folder>', 'where; must be empty or not there')
    .option('--force', 'build a folder anew that capstan build has made')
    .option('--with-parquet', 'carry what reads Parquet bodies on machines like this one (some 70 MB); for ONNX models')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(
      action(async (deployment: string, { output, force, withParquet, json }: Options) => {
        const { buildDeployment } = await import('../build.ts');
        const { manifest, digest, sizeBytes } = await buildDeployment(urlOf(terminal), {
          deployment,
          output: resolve(terminal.cwd, output),
          isForced: force ?? false,
          withParquet: withParquet ?? false,
          signal: new AbortController().signal,
        });
        const { revision, model, files } = manifest;
        if (json) {
          const facts = { deployment, revision, model, digest, files: files.length, sizeBytes };
          terminal.out(JSON.stringify({ schema: 'capstan/build.v1', ...facts }));
        } else {
          const size = `${(sizeBytes / 1e6).toFixed(1)} MB in ${files.length} files`;
          terminal.out(`${output}: revision ${revision} of ${deployment} (${model.name}/${model.version}), ${size}`);
          terminal.err(`Start it with: node ${output}/serve.mjs --data DATA`);
        }
        return undefined;
      }),
    );
}
