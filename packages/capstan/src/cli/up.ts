import { flushCompileCache } from 'node:module';
import type { Command } from 'commander';
import type { Logger } from 'pino';
import type { App } from '../app.ts';
import { loadConfig, type Config } from '../config.ts';
import { settings, type SettingName } from '../settings.ts';
import { createLogger } from '../logging.ts';
import { exitCodes } from './exit-codes.ts';
import { inputEnd, WHILE_INPUT_OPEN } from './input.ts';
import type { Registration } from './run.ts';
import { addSettings, refuseOpenBind, stopSignal } from './server-command.ts';
import { superviseServing, type ServingAddresses, type SupervisedServing } from './supervise-serving.ts';

const DRAIN_MS = 8_000;

export function register(program: Command, { terminal, action }: Registration): void {
  const command = program.command('up').description('Start Capstan: control plane, interface and data plane');
  addSettings(command, Object.keys(settings) as SettingName[]);
  command.addOption(WHILE_INPUT_OPEN);
  command.addHelpText('after', '\nExamples:\n  capstan up\n  capstan up --port 0 --data /srv/capstan\n').action(
    action(async ({ whileInputOpen, ...flags }: Record<string, unknown>) => {
      const { config } = await loadConfig({ flags, env: terminal.env, cwd: terminal.cwd });
      refuseOpenBind(config);
      const log = createLogger(config.logLevel);
      const stopping = whileInputOpen === true ? Promise.race([stopSignal(), inputEnd()]) : stopSignal();
      const serving = config.serving ? superviseServing(config, log) : undefined;
      const { app, predictions } = await startBoth(config, log, serving);
      // One line, on stdout, for scripts that wait for it.
      const grpc = predictions?.grpc === undefined ? '' : `gRPC at ${predictions.grpc}, `;
      const places = predictions === undefined ? '' : `predictions at ${predictions.url}, ${grpc}`;
      terminal.out(`capstan ready at ${app.url} (${places}data in ${config.data})`);
      flushCompileCache();
      const signal = await stopping;
      terminal.err('capstan: stopping (once more to stop at once)');
      // The data plane first: it hands over what it has logged.
      await serving?.stop(DRAIN_MS);
      await app.stop(DRAIN_MS);
      return signal === 'SIGINT' ? exitCodes.interrupted : exitCodes.done;
    }),
  );
}

/** Both planes or neither: what has started is stopped when the other cannot. */
async function startBoth(
  config: Config,
  log: Logger,
  serving: SupervisedServing | undefined,
): Promise<{ app: App; predictions: ServingAddresses | undefined }> {
  let app: App | undefined;
  try {
    // Here, not at the top: `--help` need not wait for the server's libraries.
    const { startApp } = await import('../app.ts');
    app = await startApp(config, log);
    return { app, predictions: await serving?.follow(app.url) };
  } catch (error) {
    await serving?.stop(0);
    await app?.stop(0);
    throw error;
  }
}
