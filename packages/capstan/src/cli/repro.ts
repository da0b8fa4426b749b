import { availableParallelism } from 'node:os';
import { Option, type Command } from 'commander';
import { invalid } from '#kernel/errors';
import type { Executor } from '#ports/executor';
import {
  lookAhead,
  reproduce,
  whyLine,
  whyText,
  type Outlook,
  type Repository,
  type ReproduceOptions,
  type StageReport,
} from '#repository';
import { commandsOn } from '../checkouts.ts';
import { exitCodes } from './exit-codes.ts';
import { inRepository, lockOptions, WAIT_OPTION, withRepository } from './open-here.ts';
import { REPORT_OPTIONS } from './reporting/server.ts';
import { toldToServer } from './reporting/told-to-server.ts';
import type { Registration } from './run.ts';
import { oneLine, type Terminal } from './terminal.ts';

interface Options {
  readonly allPipelines?: boolean;
  readonly pipeline?: boolean;
  readonly singleItem?: boolean;
  readonly downstream?: boolean;
  readonly recursive?: boolean;
  readonly glob?: boolean;
  readonly force?: boolean;
  readonly forceDownstream?: boolean;
  readonly keepGoing?: boolean;
  readonly ignoreErrors?: boolean;
  readonly dryRun?: boolean;
  readonly dry?: boolean;
  readonly runCache: boolean;
  readonly commit: boolean;
  readonly allowMissing?: boolean;
  readonly pull?: boolean;
  readonly trace?: boolean;
  readonly report?: string | false;
  readonly project?: string;
  readonly executor?: string;
  readonly jobs?: string | true;
  readonly wait: string;
  readonly json?: boolean;
}

export const EXECUTOR_OPTION = [
  '--executor <name>',
  'where commands run: local, ray (the cluster of CAPSTAN_RAY_ADDRESS) or slurm (jobs by sbatch; default: local)',
] as const;

const EXAMPLES = `
Examples:
  capstan repro                        all stages of ./dvc.yaml
  capstan repro train -j 4             one stage and all that it reads from, four at once
  capstan repro models/dvc.yaml:eval   a stage of another file
  capstan repro --executor ray -j 8    on a Ray cluster, eight at once
`;

export function register(program: Command, { terminal, action }: Registration): void {
  program
    .command('repro [target...]')
    .description('Bring the stages of dvc.yaml up to date: run what has changed, and nothing else')
    .option('-j, --jobs [number]', 'stages at once; all cores where no number is given (default: 1)')
    .option('-P, --all-pipelines', 'all stages of the repository')
    .option('-p, --pipeline', 'all stages that hang together with the targets')
    .option('-s, --single-item', 'the targets alone, not what they read from')
    .option('--downstream', 'the targets and what reads from them')
    .option('-R, --recursive', 'folders stand for the stages in them')
    .option('--glob', 'targets are patterns of stage names')
    .option('-f, --force', 'run stages that have not changed, too')
    .option('--force-downstream', 'run what reads from a stage that ran, whatever that wrote')
    .option('-k, --keep-going', 'after a failure go on with what does not depend on it')
    .option('--ignore-errors', 'after a failure go on with all')
    .option('-n, --dry-run', 'say what would run, and why, and do nothing')
    .addOption(new Option('--dry').hideHelp())
    .option('--no-run-cache', 'run, though the run cache holds a result')
    .option('--no-commit', 'record hashes, and leave outputs out of the cache')
    .option('--pull', 'bring what the cache lacks from the remote, results of other people included')
    .option('--trace', 'name files of the repository that commands read and stages do not declare (Linux, with strace)')
    .option('--allow-missing', 'a missing output of what has not changed is no reason to run')
    .option(...REPORT_OPTIONS.report)
    .option(...REPORT_OPTIONS.noReport)
    .option(...REPORT_OPTIONS.project)
    .option(...EXECUTOR_OPTION)
    .option(...WAIT_OPTION)
    .option('--json', 'print JSON; what stages print goes to standard error')
    .addHelpText('after', EXAMPLES)
    .action(
      action(async (targets: string[], options: Options) => {
        if (options.dryRun || options.dry) return await tellOutlook(terminal, targets, options);
        const stop = stopOnSignal();
        try {
          const report = await withRepository(terminal, (repository) =>
            toldToServer(terminal, options, { repository, isInterrupted: () => stop.signal.aborted }, (journal) =>
              withCommands(terminal, repository, options, (executor) =>
                reproduce(repository, {
                  ...reproduceOptions(targets, options),
                  executor,
                  environment: terminal.env,
                  commandText: `capstan repro ${targets.join(' ')}`.trim(),
                  signal: stop.signal,
                  lock: lockOptions(terminal, options),
                  journal,
                  ...progress(terminal, options),
                }),
              ),
            ),
          );
          terminal.show('');
          if (report.notTraced !== undefined) terminal.err(`capstan: nothing was traced: ${report.notTraced}`);
          if (options.json) terminal.out(JSON.stringify({ schema: 'capstan/repro.v1', ...report }, withTexts));
          else terminal.out(summary(report.stages));
          if (stop.code !== undefined) return stop.code;
          const isIgnored = options.ignoreErrors === true;
          return report.stages.some(({ outcome }) => outcome === 'failed') && !isIgnored ? exitCodes.failed : undefined;
        } finally {
          stop.forget();
        }
      }),
    );
}

const VERDICTS: Readonly<Record<Outlook['verdict'], string>> = {
  run: 'would run: ',
  restore: 'would be taken from the cache: ',
  record: 'would be recorded as it is: ',
  'may-run': 'may run: ',
  leave: '',
};

async function tellOutlook(terminal: Terminal, targets: readonly string[], options: Options): Promise<undefined> {
  const stages = await inRepository(terminal, options, (repository) =>
    lookAhead(repository, reproduceOptions(targets, options)),
  );
  if (options.json) terminal.out(JSON.stringify({ schema: 'capstan/repro-outlook.v1', stages }, withTexts));
  else {
    const told = stages.filter(({ kind, verdict }) => kind === 'stage' || verdict !== 'leave');
    terminal.out(told.map(({ stage, verdict, why }) => `${stage}: ${VERDICTS[verdict]}${whyLine(why)}`).join('\n'));
  }
  return undefined;
}

type Chosen = Omit<ReproduceOptions, 'executor' | 'environment' | 'commandText' | 'signal' | 'lock'>;

function reproduceOptions(targets: readonly string[], options: Options): Chosen {
  return {
    targets,
    isEverything: options.allPipelines === true,
    isWhole: options.pipeline === true,
    isSingle: options.singleItem === true,
    isDownstream: options.downstream === true,
    isRecursive: options.recursive === true,
    isGlob: options.glob === true,
    isForced: options.force === true,
    isDownstreamForced: options.forceDownstream === true,
    usesRunCache: options.runCache,
    isCommitted: options.commit,
    isMissingAllowed: options.allowMissing === true,
    isPulled: options.pull === true,
    isTraced: options.trace === true,
    slots: slotsOf(options.jobs),
    onFailure: options.ignoreErrors ? 'ignore' : options.keepGoing ? 'keep-going' : 'stop',
  };
}

/** Gives what runs commands, and ends what it keeps open afterwards. */
export async function withCommands<T>(
  { env, cwd }: Terminal,
  { root }: Repository,
  options: Pick<Options, 'executor'>,
  work: (executor: Executor) => Promise<T>,
): Promise<T> {
  const commands = await commandsOn({ name: options.executor, root, env, cwd });
  try {
    return await work(commands.executor);
  } finally {
    await commands.close();
  }
}

export function slotsOf(jobs: string | true | undefined): number {
  if (jobs === undefined) return 1;
  if (jobs === true) return availableParallelism();
  const slots = Number(jobs);
  if (Number.isInteger(slots) && slots >= 1) return slots;
  throw invalid(`--jobs takes a whole number from 1 on, not '${jobs}'`, { field: '--jobs' });
}

/** Says what happens while it does. Lines of stages that run at once are told apart by their names. */
export function progress(
  terminal: Terminal,
  options: Pick<Options, 'json' | 'jobs'>,
): Pick<ReproduceOptions, 'onBegin' | 'onOutput' | 'onEnd'> {
  const say = (text: string): void => (options.json ? terminal.err(text) : terminal.out(text));
  const isAlone = slotsOf(options.jobs) === 1;
  const running = new Set<string>();
  const show = (): void => terminal.show(running.size === 0 ? '' : `running: ${[...running].join(', ')}`);
  return {
    onBegin(stage, why) {
      running.add(stage);
      say(`${stage}: ${whyLine(why)}`);
      show();
    },
    onOutput(stage, text) {
      say(isAlone ? text : text.replaceAll(/^/gm, `${stage} | `));
    },
    onEnd(end) {
      running.delete(end.stage);
      for (const warning of end.outcome === 'recorded' ? [] : end.warnings)
        terminal.err(`capstan: ${end.stage}: ${warning}`);
      if (end.undeclared && end.undeclared.length > 0)
        terminal.err(`capstan: ${end.stage} read what it does not declare: ${someOf(end.undeclared)}`);
      const text = endText(end);
      if (text !== undefined) (end.outcome === 'failed' ? terminal.err : say)(text);
      show();
    },
  };
}

function endText({
  stage,
  kind,
  outcome,
  why,
  reason,
  hint,
  because,
  durationMs,
  log,
}: StageReport): string | undefined {
  switch (outcome) {
    case 'ran':
      return `${stage}: done in ${(durationMs / 1000).toFixed(1)} s`;
    case 'restored':
      return `${stage}: ${whyLine(why)}: its outputs are taken from the cache`;
    case 'recorded':
      return `${stage}: recorded as it is`;
    case 'unchanged':
      return kind === 'data' ? undefined : `${stage}: ${whyLine(why)}`;
    case 'failed':
      return [`capstan: ${stage} failed: ${reason}`, hint, log && `its log: ${log}`].filter(Boolean).join('\n  ');
    case 'cancelled':
      return `${stage}: cancelled`;
    case 'skipped':
      return `${stage}: not run, since ${because} failed`;
  }
}

function someOf(paths: readonly string[], most = 10): string {
  const named = paths
    .slice(0, most)
    .map((path) => oneLine(path))
    .join(', ');
  return paths.length > most ? `${named} and ${paths.length - most} more` : named;
}

export function summary(stages: readonly StageReport[]): string {
  const told = stages.filter(({ kind, outcome }) => kind === 'stage' || outcome !== 'unchanged');
  const counts = Map.groupBy(told, ({ outcome }) => outcome);
  if (told.length === 0) return 'There is nothing to run.';
  if (counts.size === 1 && counts.has('unchanged')) return 'Data and pipelines are up to date.';
  const order = ['ran', 'restored', 'recorded', 'unchanged', 'failed', 'skipped', 'cancelled'] as const;
  return order
    .filter((outcome) => counts.has(outcome))
    .map((outcome) => `${counts.get(outcome)?.length} ${outcome}`)
    .join(', ');
}

/** Every reason with its sentence. */
function withTexts(key: string, value: unknown): unknown {
  if (key === 'why') return (value as StageReport['why']).map((each) => ({ ...each, text: whyText(each) }));
  return key === 'durationMs' ? Math.round(value as number) : value;
}

/** The first signal ends the commands and lets this program clean up. */
export function stopOnSignal(): { readonly signal: AbortSignal; readonly code: number | undefined; forget(): void } {
  const controller = new AbortController();
  let code: number | undefined;
  const end = (name: NodeJS.Signals): void => {
    code ??= name === 'SIGINT' ? exitCodes.interrupted : exitCodes.terminated;
    controller.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, end);
  return {
    signal: controller.signal,
    get code() {
      return code;
    },
    forget() {
      for (const name of signals) process.off(name, end);
    },
  };
}
