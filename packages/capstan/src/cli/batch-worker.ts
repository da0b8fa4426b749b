import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { createLogger } from '../logging.ts';
import type { SettingName } from '../settings.ts';
import { exitCodes } from './exit-codes.ts';
import type { Registration } from './run.ts';
import { addSettings, stopSignal } from './server-command.ts';

const SETTINGS: readonly SettingName[] = [
  'data',
  'python',
  'servingPython',
  'relaxedPython',
  'modelWorkers',
  'modelMemory',
  'logLevel',
];

/** What a server runs for a batch prediction; nobody types it. */
export function register(program: Command, { terminal, action }: Registration): void {
  const command = program.command('batch-worker <folder>', { hidden: true });
  command.description('Do the batch prediction that a folder asks for');
  addSettings(command, SETTINGS);
  command.action(
    action(async (folder: string, flags: Record<string, unknown>) => {
      const { config } = await loadConfig({ flags, env: terminal.env, cwd: terminal.cwd });
      const stop = new AbortController();
      void stopSignal().then((signal) => stop.abort(new Error(signal)));
      const { runBatchWorker } = await import('../batch-worker.ts');
      try {
        const isDone = await runBatchWorker(config, folder, {
          signal: stop.signal,
          log: createLogger(config.logLevel),
        });
        return isDone ? exitCodes.done : exitCodes.failed;
      } catch (error) {
        if (stop.signal.aborted) return exitCodes.terminated;
        throw error;
      }
    }),
  );
}
