import { rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { reportText, workFiles, type WorkerCommands } from '#operations/batch-predictions';
import type { Config } from '../config.ts';

const COMMAND = 'batch-worker';
/** What a command gets that cannot be run. */
const CANNOT_RUN = 126;

/** How the process of a batch prediction is started: here as this process was, elsewhere by a program that goes along. */
export function batchWorkerCommands(config: Config): WorkerCommands {
  const common = [
    `--python=${config.python}`,
    ...(config.servingPython === null ? [] : [`--serving-python=${config.servingPython}`]),
    config.relaxedPython ? '--relaxed-python' : '--no-relaxed-python',
    `--model-workers=${config.modelWorkers}`,
    `--model-memory=${config.modelMemory}`,
    `--log-level=${config.logLevel}`,
  ];
  return {
    here(folder) {
      const program = [process.execPath, ...process.execArgv, process.argv[1] ?? '', COMMAND];
      return `exec ${[...program, `--data=${config.data}`, ...common, folder].map(quoted).join(' ')}`;
    },
    async elsewhere(folder) {
      // Here, not at the top: what the data plane's own folders are made of would become one chunk with the server.
      const { layProgram } = await import('#standalone');
      const program = await layProgram(COMMAND, join(config.data, 'programs'));
      const link = join(folder, workFiles.program);
      await rm(link, { force: true });
      await symlink(program, link);
      const node = `${workFiles.program}/node`;
      const words = [node, `${workFiles.program}/main.js`, COMMAND, '--own-data', ...common, '.'];
      return `${refuseOtherPlatform(node)}\nexec ${words.map(quoted).join(' ')}`;
    },
    cpus: (flavor) => (flavor === 'onnx' ? 1 : config.modelWorkers),
  };
}

/** Shell that says so where the machine cannot run this one's programs. */
export function refuseOtherPlatform(node: string): string {
  const [machine, problem] = ['MACHINE', 'PROBLEM'];
  const message = `The program of Capstan, which is for ${process.platform} ${process.arch}, does not run on the machine (${machine}): ${problem}`;
  const hint = 'Give this work to machines of the kind that the server runs on.';
  const said = reportText({ failure: { code: 'NOT_IMPLEMENTED', message, hint } }).trim();
  const format = said.replaceAll('%', '%%').replace(machine, '%s').replace(problem, '%s');
  return `problem=$(${node} --version 2>&1 >/dev/null) || {
  printf ${quoted(`\\n${format}\\n`)} "$(uname -sm)" "$(printf %s "$problem" | tr -cd '[:alnum:] ._/:()-' | cut -c 1-200)"
  exit ${CANNOT_RUN}
}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
