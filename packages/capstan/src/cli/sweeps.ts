import { setTimeout as sleep } from 'node:timers/promises';
import { durationText as durationOption } from '@capstan/api';
import type { Client } from '@capstan/client';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { connect } from './connect.ts';
import { exitCodes } from './exit-codes.ts';
import { onlyProject } from './only-project.ts';
import { pageSize } from './page-size.ts';
import type { Registration } from './run.ts';
import { placed, readRequest, type StartOptions } from './sweep-request.ts';
import { progressText, showSweep, sweepTable } from './sweep-text.ts';

type Summary = Awaited<ReturnType<Client['sweeps']['list']>>['items'][number];

export function register(program: Command, at: Registration): void {
  const sweeps = program
    .command('sweeps')
    .description('Searches over the parameters of a pipeline: grid, random, Bayesian');
  registerStart(sweeps, at);
  registerList(sweeps, at);
  registerShow(sweeps, at);
  registerCancel(sweeps, at);
}

function registerStart(sweeps: Command, { terminal, action }: Registration): void {
  sweeps
    .command('start')
    .description('Begin a search; each trial is a run of the project’s pipeline')
    .option('-p, --project <name>', 'the project; the only one where left out')
    .option('-f, --file <path>', 'a sweep.yaml; options say it otherwise')
    .option('-S, --set-param <space...>', '[file:]key=2,4,8 or key=int:2..10 or key=float:0.001..0.1:log')
    .addOption(
      new Option('-m, --method <method>', 'how to search (default: random)').choices(['grid', 'random', 'bayesian']),
    )
    .option('--metric <name>', 'what is to become better; that of the model in capstan.yaml where left out')
    .addOption(new Option('--goal <goal>', 'which way (default: minimise)').choices(['minimise', 'maximise']))
    .option('-n, --max-trials <count>', 'at most so many (default: 20; of a grid, all of it)', wholeNumber)
    .option('-j, --parallel <count>', 'trials at once (default: 1)', wholeNumber)
    .option('--early-stopping', 'end trials that are worse than the median of the others at the same step')
    .option('--seed <number>', 'the same seed draws the same points (default: 0)', wholeNumber)
    .option('--time-limit <duration>', 'end by then, as 90s or 2h', duration)
    .option('-w, --wait', 'until it has ended; exit code 1 when it failed or was cancelled')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  capstan sweeps start -S train.depth=int:2..10 -S train.lr=float:0.001..0.3:log -n 30 --wait' +
        '\n  capstan sweeps start -S train.loss=l1,l2 -S train.depth=2,4,8 --method grid --metric auc --goal maximise' +
        '\n  capstan sweeps start --file sweep.yaml\n',
    )
    .action(
      action(async (options: StartOptions & { wait?: boolean; json?: boolean }) => {
        const client = connect(terminal);
        const asked = await readRequest(terminal, options);
        const project = asked.project ?? (await onlyProject(client));
        let sweep: Summary;
        try {
          sweep = await client.sweeps.start({ params: { project }, body: asked.body });
        } catch (error) {
          throw placed(error, asked);
        }
        if (options.wait !== true) {
          terminal.out(
            options.json
              ? JSON.stringify({ schema: 'capstan/sweep-summary.v1', ...sweep })
              : `Sweep ${sweep.number} of ${project} has begun, ${sweep.maxTrials} trials: capstan sweeps show ${sweep.id}`,
          );
          return undefined;
        }
        terminal.err(`Sweep ${sweep.number} of ${project} has begun: ${sweep.id}. It goes on without this command.`);
        const ended = await waited(client, sweep.id, (text) => terminal.show(text));
        terminal.show('');
        terminal.out(options.json ? JSON.stringify({ schema: 'capstan/sweep.v1', ...ended }) : showSweep(ended));
        return ended.state === 'succeeded' ? undefined : exitCodes.failed;
      }),
    );
}

function registerList(sweeps: Command, { terminal, action }: Registration): void {
  sweeps
    .command('list')
    .description('Sweeps, newest first')
    .option('-p, --project <name>', 'only of this project')
    .option('--limit <count>', 'at most this many', pageSize, 20)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  capstan sweeps list --project flight-delays\n')
    .action(
      action(async ({ json, ...query }: { project?: string; limit: number; json?: boolean }) => {
        const { items, nextCursor } = await connect(terminal).sweeps.list({ query });
        terminal.out(json ? JSON.stringify({ schema: 'capstan/sweeps.v1', sweeps: items }) : sweepTable(items));
        if (nextCursor !== undefined) terminal.err(`There are more: these are the newest ${items.length}.`);
        return undefined;
      }),
    );
}

function registerShow(sweeps: Command, { terminal, action }: Registration): void {
  sweeps
    .command('show <sweep>')
    .description('A sweep by its id: every trial with its values, the best one, which parameters matter')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  capstan sweeps show sw_01kb… --json | jq .best.params\n')
    .action(
      action(async (id: string, { json }: { json?: boolean }) => {
        const sweep = await connect(terminal).sweeps.get({ params: { sweep: id } });
        terminal.out(json ? JSON.stringify({ schema: 'capstan/sweep.v1', ...sweep }) : showSweep(sweep));
        return undefined;
      }),
    );
}

function registerCancel(sweeps: Command, { terminal, action }: Registration): void {
  sweeps
    .command('cancel <sweep>')
    .description('End a sweep and the trials that run; what has been found stays')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  capstan sweeps cancel sw_01kb…\n')
    .action(
      action(async (id: string, { json }: { json?: boolean }) => {
        const sweep = await connect(terminal).sweeps.cancel({ params: { sweep: id } });
        terminal.out(
          json
            ? JSON.stringify({ schema: 'capstan/sweep-summary.v1', ...sweep })
            : `Sweep ${sweep.number} of ${sweep.project} is cancelled.`,
        );
        return undefined;
      }),
    );
}

const POLL_MS = 500;

async function waited(client: Client, id: string, show: (text: string) => void) {
  for (;;) {
    const sweep = await client.sweeps.get({ params: { sweep: id } });
    const isOpen = sweep.state === 'queued' || sweep.state === 'running';
    // The trials of one that has ended take a moment to end.
    if (!isOpen && sweep.trials.running === 0 && sweep.trials.waiting === 0) return sweep;
    show(progressText(sweep));
    await sleep(POLL_MS);
  }
}

function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number.');
}

function duration(text: string): number {
  const parsed = durationOption.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError('Give a number and its unit without a space, as 90s, 30m or 2h.');
}
