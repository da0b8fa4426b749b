import type { Command } from 'commander';
import {
  applyExperiment,
  keepExperiment,
  nameExperiment,
  openRevisions,
  reproduce,
  setParams,
  type Repository,
  type Revisions,
  type KeptExperiment,
} from '#repository';
import { exitCodes } from './exit-codes.ts';
import { inRepository, lockOptions, WAIT_OPTION, withRepository } from './open-here.ts';
import { REPORT_OPTIONS } from './reporting/server.ts';
import { toldToServer } from './reporting/told-to-server.ts';
import { EXECUTOR_OPTION, progress, slotsOf, stopOnSignal, summary, withCommands } from './repro.ts';
import type { Registration } from './run.ts';

interface RunOptions {
  readonly name?: string;
  readonly setParam?: string[];
  readonly jobs?: string | true;
  readonly force?: boolean;
  readonly executor?: string;
  readonly report?: string | false;
  readonly project?: string;
  readonly wait: string;
  readonly json?: boolean;
}

export function registerRun(exp: Command, { terminal, action }: Registration): void {
  exp
    .command('run [target...]')
    .description('Change parameters, bring the stages up to date, and keep the outcome beside the branches')
    .option('-n, --name <name>', 'of the experiment; two words where left out')
    .option('-S, --set-param <setting...>', '[file:]key=value, in params.yaml where no file is named')
    .option('-j, --jobs [number]', 'stages at once; all cores where no number is given (default: 1)')
    .option('-f, --force', 'put it in the place of an experiment of the same name')
    .option(...REPORT_OPTIONS.report)
    .option(...REPORT_OPTIONS.noReport)
    .option(...REPORT_OPTIONS.project)
    .option(...EXECUTOR_OPTION)
    .option(...WAIT_OPTION)
    .option('--json', 'print JSON; what stages print goes to standard error')
    .addHelpText(
      'after',
      '\nExamples:\n  capstan exp run -n faster -S lr=0.5\n  capstan exp run train -S net.yaml:depth=4\n',
    )
    .action(
      action(async (targets: string[], options: RunOptions) => {
        const stop = stopOnSignal();
        try {
          return await withRevisions(terminal, async (repository, revisions) => {
            const name = await nameExperiment(repository, revisions, {
              name: options.name,
              isForced: options.force === true,
            });
            const params = await setParams(repository, options.setParam ?? []);
            let kept: KeptExperiment | undefined;
            const around = { repository, isInterrupted: () => stop.signal.aborted };
            const report = await toldToServer(terminal, options, around, (journal) =>
              withCommands(terminal, repository, options, (executor) =>
                reproduce(repository, {
                  targets,
                  slots: slotsOf(options.jobs),
                  onFailure: 'stop',
                  executor,
                  environment: terminal.env,
                  commandText: `capstan exp run ${targets.join(' ')}`.trim(),
                  signal: stop.signal,
                  lock: lockOptions(terminal, options),
                  journal: { ...journal, experiment: { name, params } },
                  async keep() {
                    kept = await keepExperiment(repository, revisions, { name, environment: terminal.env });
                    return kept.commit;
                  },
                  ...progress(terminal, options),
                }),
              ),
            );
            terminal.show('');
            if (stop.code !== undefined) return stop.code;
            if (!kept) {
              terminal.err('capstan: no experiment is kept; the parameters stay as they were set');
              return exitCodes.failed;
            }
            if (options.json) terminal.out(JSON.stringify({ schema: 'capstan/experiment.v1', ...kept }));
            else {
              terminal.out(summary(report.stages));
              terminal.out(`Kept as ${kept.name}. Bring it back with: capstan exp apply ${kept.name}`);
            }
            return undefined;
          });
        } finally {
          stop.forget();
        }
      }),
    );
}

export function registerApply(exp: Command, { terminal, action }: Registration): void {
  exp
    .command('apply <experiment>')
    .description('Make the checkout what an experiment left, files and data; the branch stays')
    .option('-f, --force', 'write over what only the checkout holds')
    .option(...WAIT_OPTION)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  capstan exp apply faster && git commit -am "faster"\n')
    .action(
      action(async (name: string, options: { force?: boolean; wait: string; json?: boolean }) => {
        const done = await inRepository(terminal, options, async (repository) => {
          const revisions = openRevisions(repository);
          try {
            return await applyExperiment(repository, revisions, name, {
              isForced: options.force === true,
              onProgress: ({ files, of }) => terminal.show(`${files} of ${of} files`),
            });
          } finally {
            await revisions.close();
          }
        });
        if (options.json) terminal.out(JSON.stringify({ schema: 'capstan/experiment-applied.v1', name, data: done }));
        else {
          const changed = done.filter(({ change }) => change !== 'unchanged').length;
          terminal.out(`The checkout is as ${name} left it; ${changed} of ${done.length} data paths have changed.`);
        }
        return undefined;
      }),
    );
}

async function withRevisions<Result>(
  terminal: Registration['terminal'],
  work: (repository: Repository, revisions: Revisions) => Promise<Result>,
): Promise<Result> {
  return await withRepository(terminal, async (repository) => {
    const revisions = openRevisions(repository);
    try {
      return await work(repository, revisions);
    } finally {
      await revisions.close();
    }
  });
}
