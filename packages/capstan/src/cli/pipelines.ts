import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@capstan/client';
import type { Command } from 'commander';
import { invalid } from '#kernel/errors';
import { connect } from './connect.ts';
import { exitCodes } from './exit-codes.ts';
import { onlyProject } from './only-project.ts';
import { pageSize } from './page-size.ts';
import type { Registration } from './run.ts';
import { showPipelineRun } from './show-pipeline-run.ts';
import { oneLine, table, type Terminal } from './terminal.ts';
import { durationText, timeText } from './time-text.ts';

type Summary = Awaited<ReturnType<Client['pipelines']['list']>>['items'][number];
type Run = Awaited<ReturnType<Client['pipelines']['get']>>;

interface StartOptions {
  readonly commit?: string;
  readonly input?: readonly string[];
  readonly param?: readonly string[];
  readonly keepGoing?: boolean;
  readonly wait?: boolean;
  readonly json?: boolean;
}

const POLL_MS = 500;

export function register(program: Command, { terminal, action }: Registration): void {
  const pipelines = program.command('pipelines').description('Runs of a project’s pipeline on the server');
  pipelines
    .command('list [project]')
    .description('Runs, newest first; of all projects where none is named')
    .option('--limit <count>', 'at most this many', pageSize, 20)
    .option('--json', 'print JSON')
    .action(
      action(async (project: string | undefined, { limit, json }: { limit: number; json?: boolean }) => {
        const query = { limit, ...(project !== undefined && { project }) };
        const { items, nextCursor } = await connect(terminal).pipelines.list({ query });
        terminal.out(json ? JSON.stringify({ schema: 'capstan/pipeline-runs.v1', runs: items }) : runTable(items));
        if (nextCursor !== undefined) terminal.err(`There are more: these are the newest ${items.length}.`);
        return undefined;
      }),
    );
  pipelines
    .command('show <run>')
    .description('One run: each stage with its state, its attempts, and why it ran or did not')
    .option('--json', 'print JSON')
    .action(
      action(async (run: string, { json }: { json?: boolean }) => {
        tell(terminal, await connect(terminal).pipelines.get({ params: { run } }), json);
        return undefined;
      }),
    );
  pipelines
    .command('start [project]')
    .description('Run the pipeline; stages that have not changed are not run again')
    .option('--commit <commit>', 'take the code from this commit, branch or tag instead of the project’s folder')
    .option('--input <version...>', 'ids of dataset versions; the newest accepted one of datasets not named')
    .option('--param <file:key=value...>', 'a value to use instead of that in the parameters file, as JSON or text')
    .option('--keep-going', 'after a failure leave out only what depends on it')
    .option('--wait', 'wait for the end; exit code 1 where it is not a success')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  capstan pipelines start flight-delays --wait\n  capstan pipelines start --commit v1.2 --param params.yaml:train.depth=6\n',
    )
    .action(
      action(async (named: string | undefined, options: StartOptions) => {
        const client = connect(terminal);
        const { commit, keepGoing } = options;
        const params = paramsOf(options.param ?? []);
        const project = named ?? (await onlyProject(client));
        const inputs = (options.input ?? []).map((datasetVersionId) => ({ datasetVersionId }));
        const body = { inputs, params, keepGoing: keepGoing === true, ...(commit !== undefined && { commit }) };
        return await follow(terminal, client, await client.pipelines.start({ params: { project }, body }), options);
      }),
    );
  pipelines
    .command('retry <run>')
    .description('Run again with the versions, values and commit of a run that has ended')
    .option('--from <stage>', 'run this stage, and those that read from it, whatever is stored of them')
    .option('--wait', 'wait for the end; exit code 1 where it is not a success')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  capstan pipelines retry pr_01J9 --from train --wait\n')
    .action(
      action(async (run: string, options: { from?: string; wait?: boolean; json?: boolean }) => {
        const client = connect(terminal);
        const body = options.from === undefined ? {} : { from: options.from };
        return await follow(terminal, client, await client.pipelines.retry({ params: { run }, body }), options);
      }),
    );
  pipelines
    .command('cancel <run>')
    .description('End a run and the commands of it')
    .option('--json', 'print JSON')
    .action(
      action(async (run: string, { json }: { json?: boolean }) => {
        const { id, number, project, status } = await connect(terminal).pipelines.cancel({ params: { run } });
        terminal.out(
          json
            ? JSON.stringify({ schema: 'capstan/pipeline-run-summary.v1', id, number, project, status })
            : `Run ${number} of ${project} is ${status === 'cancelled' ? 'cancelled' : 'being cancelled'}`,
        );
        return undefined;
      }),
    );
}

/** Says what has begun, or with `wait` how it ended. */
async function follow(
  terminal: Terminal,
  client: Client,
  begun: Summary,
  { wait, json }: { readonly wait?: boolean; readonly json?: boolean },
): Promise<number | undefined> {
  const look = () => client.pipelines.get({ params: { run: begun.id } });
  if (!wait) {
    if (json) tell(terminal, await look(), json);
    else terminal.out(`Run ${begun.number} of ${begun.project} has begun: capstan pipelines show ${begun.id}`);
    return undefined;
  }
  let run = await look();
  for (; ['queued', 'running'].includes(run.status); run = await look()) {
    terminal.show(progressText(run));
    await sleep(POLL_MS);
  }
  terminal.show('');
  tell(terminal, run, json);
  return run.status === 'succeeded' ? exitCodes.done : exitCodes.failed;
}

function progressText({ number, phase, stages }: Run): string {
  const running = stages.filter(({ status }) => status === 'running').map(({ name }) => name);
  const ended = stages.filter(({ status }) => status !== 'running' && status !== 'waiting');
  const what = running.length > 0 ? oneLine(running.join(', ')) : phase;
  return `run ${number}: ${ended.length} of ${stages.length} stages, ${what}`;
}

function tell(terminal: Terminal, run: Run, json: boolean | undefined): void {
  terminal.out(json ? JSON.stringify({ schema: 'capstan/pipeline-run.v1', ...run }) : showPipelineRun(run));
}

function runTable(runs: readonly Summary[]): string {
  return table(
    ['ID', 'PROJECT', 'RUN', 'STATE', 'ASKED FOR', 'TOOK', 'WHY'],
    runs.map((run) => [
      run.id,
      run.project,
      run.number,
      run.status,
      timeText(run.createdAt),
      run.startedAt === null ? '' : durationText(run.startedAt, run.endedAt),
      oneLine(run.reason ?? '', 80),
    ]),
  );
}

/** @throws DomainError INVALID_ARGUMENT for one that is not `FILE:KEY=VALUE` */
function paramsOf(written: readonly string[]): Record<string, Record<string, unknown>> {
  const params: Record<string, Record<string, unknown>> = {};
  for (const text of written) {
    const [, file, key, value] = /^([^:=]+):([^=]+)=(.*)$/s.exec(text) ?? [];
    if (file === undefined || key === undefined || value === undefined) {
      throw invalid(`'${oneLine(text)}' is no value of a parameter`, {
        field: '--param',
        hint: 'Write FILE:KEY=VALUE, e.g. params.yaml:train.depth=6.',
      });
    }
    params[file] = { ...params[file], [key]: valueOf(value) };
  }
  return params;
}

/** JSON where it is some, else the text itself. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
