import { join } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { loadConfig } from '../config.ts';
import { exitCodes } from './exit-codes.ts';
import { portNumber } from './port-number.ts';
import type { Registration } from './run.ts';

interface Options {
  readonly data: string;
  readonly port: number;
  readonly servingPort: number;
  readonly until?: number;
  readonly exit?: boolean;
  readonly unguarded?: boolean;
}

export function register(program: Command, { terminal, action }: Registration): void {
  program
    .command('demo')
    .description('Play a year of real flights on the simulated clock: predictions, outcomes, retraining, money')
    .option('--exit', 'end when the year has, instead of leaving the interface up')
    .option('--unguarded', 'offer the broken candidate with the guards off, to see what it costs')
    .option('--until <date>', 'stop before the flights of this day of 2013 and compare what there is', day)
    .option('--data <folder>', 'folder of the demo; the same again goes on where it stopped', join('.capstan', 'demo'))
    .option('--port <number>', 'port of the control plane', portNumber, 5050)
    .option('--serving-port <number>', 'port of the data plane', portNumber, 5051)
    .action(
      action(async ({ data, port, servingPort, until, exit, unguarded }: Options) => {
        const { config } = await loadConfig({ flags: { data }, env: terminal.env, cwd: terminal.cwd });
        const { calendar, runDemo } = await import('#demo');
        const stopping = new AbortController();
        const interrupted = new Promise<void>((resolve) => {
          for (const signal of ['SIGINT', 'SIGTERM'] as const) {
            process.on(signal, () => {
              if (stopping.signal.aborted) process.exit(exitCodes.interrupted);
              terminal.err('capstan: stopping after this day (once more to stop at once); the same command goes on');
              stopping.abort();
              resolve();
            });
          }
        });
        const started = performance.now();
        const { server, table } = await runDemo({
          data: config.data,
          environments: config.environments,
          port,
          servingPort,
          until: until ?? calendar.end,
          isUnguarded: unguarded ?? false,
          say: (line) => terminal.err(`${clock(performance.now() - started)}  ${line}`),
          ...(terminal.isInteractive && { show: (text: string) => terminal.show(text) }),
          signal: stopping.signal,
        });
        if (table !== null) terminal.out(table);
        if (table !== null && !exit) {
          terminal.err(`The interface stays up at ${server.url} (Ctrl-C ends it).`);
          await interrupted;
        }
        await server.stop();
        return table === null ? exitCodes.interrupted : undefined;
      }),
    );
}

/** Days begin at 03:00 UTC. @throws InvalidArgumentError */
function day(text: string): number {
  const ms = Date.parse(`${text}T03:00:00Z`);
  if (/^2013-\d\d-\d\d$/.test(text) && ms > Date.parse('2013-04-02')) return ms;
  throw new InvalidArgumentError('Give a day from 2013-04-02 to 2013-12-31.');
}

/** `1:05`: minutes and seconds since the start. */
function clock(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  return `${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, '0')}`;
}
