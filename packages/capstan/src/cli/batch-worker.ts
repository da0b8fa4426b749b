import { lstat, mkdir } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { conflict } from '#kernel/errors';
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
  command.option('--own-data', 'on a machine without the data directory: environments in a folder of this user’s');
  command.action(
    action(async (place: string, { ownData, ...flags }: Record<string, unknown>) => {
      const folder = resolve(terminal.cwd, place);
      const data = ownData === true ? { data: await ownFolder() } : {};
      const { config } = await loadConfig({ flags: { ...flags, ...data }, env: terminal.env, cwd: terminal.cwd });
      const stop = new AbortController();
      void stopSignal().then((signal) => stop.abort(new Error(signal)));
      const { runBatchWorker } = await import('../batch-worker.ts');
      try {
        const isDone = await runBatchWorker(config, folder, {
          signal: stop.signal,
          log: createLogger(config.logLevel),
          write: (text) => void process.stdout.write(text),
        });
        return isDone ? exitCodes.done : exitCodes.failed;
      } catch (error) {
        if (stop.signal.aborted) return exitCodes.terminated;
        throw error;
      }
    }),
  );
}

const WRITABLE_BY_OTHERS = 0o022;

/** In the temporary folder of this machine, whose users must not give each other Python environments. */
async function ownFolder(): Promise<string> {
  const { uid } = userInfo();
  const folder = join(tmpdir(), `capstan-batch-${uid}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const facts = await lstat(folder);
  if (facts.isDirectory() && facts.uid === uid && (facts.mode & WRITABLE_BY_OTHERS) === 0) return folder;
  throw conflict(`${folder} is not this user’s alone`, { field: 'data', hint: 'Remove it, or set TMPDIR there.' });
}
