import { Command, CommanderError } from 'commander';
import { DomainError } from '#kernel/errors';
import { version } from '../version.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { Interrupted } from './interrupted.ts';
import { statusLine } from './status-line.ts';
import type { CommandResult, Terminal } from './terminal.ts';

/** Commands load when they are called: `--help` must not wait for the server's libraries. */
const commands: readonly { name: string; load(): Promise<{ register(program: Command, at: Registration): void }> }[] = [
  { name: 'up', load: () => import('./up.ts') },
  { name: 'demo', load: () => import('./demo.ts') },
  { name: 'serve', load: () => import('./serve.ts') },
  { name: 'batch-worker', load: () => import('./batch-worker.ts') },
  { name: 'config', load: () => import('./config.ts') },
  { name: 'status', load: () => import('./status.ts') },
  { name: 'audit', load: () => import('./audit.ts') },
  { name: 'apply', load: () => import('./apply.ts') },
  { name: 'init', load: () => import('./init.ts') },
  { name: 'add', load: () => import('./add.ts') },
  { name: 'checkout', load: () => import('./checkout.ts') },
  { name: 'repro', load: () => import('./repro.ts') },
  { name: 'report', load: () => import('./report.ts') },
  { name: 'merge-driver', load: () => import('./merge-driver.ts') },
  { name: 'dag', load: () => import('./dag.ts') },
  { name: 'commit', load: () => import('./commit.ts') },
  { name: 'freeze', load: () => import('./freeze.ts') },
  { name: 'unfreeze', load: () => import('./unfreeze.ts') },
  { name: 'data', load: () => import('./data.ts') },
  { name: 'diff', load: () => import('./diff.ts') },
  { name: 'params', load: () => import('./params.ts') },
  { name: 'metrics', load: () => import('./metrics.ts') },
  { name: 'plots', load: () => import('./plots.ts') },
  { name: 'remote', load: () => import('./remote.ts') },
  { name: 'exp', load: () => import('./exp.ts') },
  { name: 'push', load: () => import('./push.ts') },
  { name: 'fetch', load: () => import('./fetch.ts') },
  { name: 'pull', load: () => import('./pull.ts') },
  { name: 'datasets', load: () => import('./datasets.ts') },
  { name: 'expectations', load: () => import('./expectations.ts') },
  { name: 'features', load: () => import('./features.ts') },
  { name: 'experiments', load: () => import('./experiments.ts') },
  { name: 'runs', load: () => import('./runs.ts') },
  { name: 'traces', load: () => import('./traces.ts') },
  { name: 'import', load: () => import('./import.ts') },
  { name: 'import-url', load: () => import('./import-url.ts') },
  { name: 'update', load: () => import('./update.ts') },
  { name: 'get', load: () => import('./get.ts') },
  { name: 'remove', load: () => import('./remove.ts') },
  { name: 'export', load: () => import('./export.ts') },
  { name: 'sweeps', load: () => import('./sweeps.ts') },
  { name: 'models', load: () => import('./models.ts') },
  { name: 'deploy', load: () => import('./deploy.ts') },
  { name: 'build', load: () => import('./build.ts') },
  { name: 'deployments', load: () => import('./deployments.ts') },
  { name: 'consumers', load: () => import('./consumers.ts') },
  { name: 'drill', load: () => import('./drill.ts') },
  { name: 'predict', load: () => import('./predict.ts') },
  { name: 'batch-predictions', load: () => import('./batch-predictions.ts') },
  { name: 'predictions', load: () => import('./predictions.ts') },
  { name: 'monitors', load: () => import('./monitors.ts') },
  { name: 'pipelines', load: () => import('./pipelines.ts') },
  { name: 'cycles', load: () => import('./cycles.ts') },
  { name: 'explain', load: () => import('./explain.ts') },
  { name: 'replay', load: () => import('./replay.ts') },
  { name: 'value', load: () => import('./value.ts') },
  { name: 'debt', load: () => import('./debt.ts') },
  { name: 'webhooks', load: () => import('./webhooks.ts') },
  { name: 'gc', load: () => import('./gc.ts') },
];

export interface Registration {
  readonly terminal: Terminal;
  /** Wraps a command's action: its result becomes the exit code. */
  action<Args extends unknown[]>(work: (...args: Args) => CommandResult): (...args: Args) => Promise<void>;
}

/** Runs one command line. Returns the exit code. */
export async function run(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const terminal: Terminal = {
    out: (text) => process.stdout.write(`${text}\n`),
    ...statusLine(process.stderr),
    isInteractive: process.stderr.isTTY,
    env,
    cwd: process.cwd(),
  };
  // A reader that has seen enough (head) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  let exitCode: number = exitCodes.done;
  const program = new Command('capstan')
    .description('MLOps as one program: the machine-learning life cycle, run as a cycle')
    .version(`capstan ${version} (node ${process.versions.node})`)
    .showSuggestionAfterError()
    .showHelpAfterError('(capstan COMMAND --help shows the options)')
    // Or `deploy --version 2` would say which Capstan this is.
    .enablePositionalOptions()
    .exitOverride();
  const at: Registration = {
    terminal,
    action:
      (work) =>
      async (...args) => {
        exitCode = (await work(...args)) ?? exitCodes.done;
      },
  };
  const wanted = argv.slice(2).find((word) => !word.startsWith('-'));
  const chosen = commands.filter((command) => command.name === wanted);
  for (const command of chosen.length > 0 ? chosen : commands) (await command.load()).register(program, at);

  try {
    if (argv.length <= 2) {
      terminal.err(program.helpInformation());
      return exitCodes.usage;
    }
    await program.parseAsync(argv as string[]);
    return exitCode;
  } catch (error) {
    return await explain(error, terminal);
  }
}

async function explain(error: unknown, terminal: Terminal): Promise<number> {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  if (error instanceof DomainError) {
    terminal.err(lines(error.message, error.hint));
    return exitCodeOf(error.code);
  }
  if (error instanceof Interrupted) {
    terminal.err('capstan: interrupted; what was done until then stays');
    return exitCodes.interrupted;
  }
  // All schemas of the API come with it, which a command in a checkout does not wait for.
  const { ApiError } = await import('@capstan/client');
  if (error instanceof ApiError) {
    const { detail, hint, code, requestId } = error.problem;
    terminal.err(lines(detail, hint, requestId && `request ${requestId}`));
    return exitCodeOf(code);
  }
  terminal.err(
    `capstan: this is a bug in Capstan: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  return exitCodes.bug;
}

function lines(message: string, ...rest: (string | undefined)[]): string {
  return [`capstan: ${message}`, ...rest.filter(Boolean).map((line) => `  ${line}`)].join('\n');
}
