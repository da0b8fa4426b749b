import { flushCompileCache } from 'node:module';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { DomainError } from '#kernel/errors';
import type { Serving } from '../serving.ts';
import { loadConfig } from '../config.ts';
import type { SettingName } from '../settings.ts';
import { createLogger } from '../logging.ts';
import { urlOf } from './connect.ts';
import { exitCodes } from './exit-codes.ts';
import type { Registration } from './run.ts';
import { firstInputLine, inputEnd, ON_INPUT, WHILE_INPUT_OPEN } from './input.ts';
import { PORT_TAKEN } from './supervise-serving.ts';
import type { Terminal } from './terminal.ts';
import { addSettings, refuseOpenBind, stopSignal } from './server-command.ts';

const DRAIN_MS = 8_000;
const SETTINGS: readonly SettingName[] = [
  'host',
  'servingPort',
  'grpcPort',
  'grpc',
  'grpcMessageBytes',
  'data',
  'python',
  'servingProcesses',
  'servingPython',
  'relaxedPython',
  'modelWorkers',
  'modelMemory',
  'modelMemoryBudget',
  'resultCache',
  'predictionLogSync',
  'allowedHosts',
  'logLevel',
  'otlpEndpoint',
  'otlpHeaders',
  'traceShare',
  'accessLog',
  'checkReplies',
];

interface ServeFlags {
  controlPlane?: string;
  from?: string;
  whileInputOpen?: boolean;
  process: number;
  readyWithin?: number;
}

export function register(program: Command, { terminal, action }: Registration): void {
  const command = program
    .command('serve')
    .description('Start a data plane: answers predictions, also while the control plane is down');
  addSettings(command, SETTINGS);
  command
    .option(
      '--control-plane <url>',
      'address of the control plane, or - for the first line of the input (default: CAPSTAN_URL)',
    )
    .option('--from <folder>', 'serve what capstan build has written there, with no control plane')
    .addOption(WHILE_INPUT_OPEN)
    .addOption(
      new Option('--process <number>', 'which of several processes this is').default(0).argParser(Number).hideHelp(),
    )
    .addOption(
      new Option('--ready-within <ms>', 'of several processes: listen after so long at the latest')
        .argParser(Number)
        .hideHelp(),
    )
    .addHelpText('after', '\nExample:\n  capstan serve --serving-port 5051 --control-plane http://127.0.0.1:5050\n')
    .action(
      action(
        async ({
          controlPlane,
          from,
          whileInputOpen,
          process: index,
          readyWithin,
          ...flags
        }: ServeFlags & Record<string, unknown>) => {
          const { config } = await loadConfig({ flags, env: terminal.env, cwd: terminal.cwd });
          refuseOpenBind(config);
          const stopping = whileInputOpen ? Promise.race([stopSignal(), inputEnd()]) : stopSignal();
          // Loaded here: --help must not wait for the model runtime.
          const [{ startServing }, given] = await Promise.all([
            import('../serving.ts'),
            controlPlane === ON_INPUT ? Promise.race([firstInputLine(), stopping.then(() => undefined)]) : controlPlane,
          ]);
          if (controlPlane === ON_INPUT && given === undefined) return exitCodes.done;
          const source = from === undefined ? undefined : await openFolderAt(terminal, from, config.data);
          const url = given?.replace(/\/$/, '') ?? urlOf(terminal);
          let app: Serving;
          try {
            app = await startServing(config, source ?? url, createLogger(config.logLevel), {
              index,
              ...(readyWithin !== undefined && { readyWithinMs: readyWithin }),
            });
          } catch (error) {
            if (whileInputOpen !== true || !isPortTaken(error)) throw error;
            terminal.out(`${PORT_TAKEN}: ${error.field === 'port' ? 'servingPort' : 'grpcPort'}`);
            return exitCodes.conflict;
          }
          const grpc = app.grpcAddress === null ? '' : `gRPC at ${app.grpcAddress}, `;
          terminal.out(`capstan serving at ${app.url} (${grpc}data in ${config.data})`);
          flushCompileCache();
          const signal = await stopping;
          terminal.err('capstan: stopping (once more to stop at once)');
          await app.stop(DRAIN_MS);
          return signal === 'SIGINT' ? exitCodes.interrupted : exitCodes.done;
        },
      ),
    );
}

/** @throws DomainError naming a file that is not as it was built */
async function openFolderAt({ cwd }: Terminal, folder: string, data: string) {
  const { openFolder } = await import('#standalone');
  return await openFolder(resolve(cwd, folder), data);
}

function isPortTaken(error: unknown): error is DomainError & { field: 'port' | 'grpcPort' } {
  const fields = ['port', 'grpcPort'];
  return error instanceof DomainError && error.code === 'CONFLICT' && fields.includes(error.field ?? '');
}
