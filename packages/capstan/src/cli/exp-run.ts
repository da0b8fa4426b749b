import type { Command } from 'commander';
import {
  applyExperiment,
  checkExperimentName,
  keepExperiment,
  openRevisions,
  reproduce,
  setParams,
  type Repository,
  type Revisions,
} from '#repository';
import { exitCodes } from './exit-codes.ts';
import { inRepository, lockOptions, WAIT_OPTION, withRepository } from './open-here.ts';
import { EXECUTOR_OPTION, progress, slotsOf, stopOnSignal, summary, withCommands } from './repro.ts';
import type { Registration } from './run.ts';

interface RunOptions {
  readonly name?: string;
  readonly setParam?: string[];
  readonly jobs?: string | true;
  readonly force?: boolean;
  readonly executor?: string;
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
        const keep = {
          ...(options.name !== undefined && { name: options.name }),
          isForced: options.force === true,
          environment: terminal.env,
        };
        try {
          return await withRevisions(terminal, async (repository, revisions) => {
            await checkExperimentName(repository, revisions, keep);
            await setParams(repository, options.setParam ?? []);
            const report = await withCommands(terminal, repository, options, (executor) =>
              reproduce(repository, {
                targets,
                slots: slotsOf(options.jobs),
                onFailure: 'stop',
                executor,
                environment: terminal.env,
                commandText: `capstan exp run ${targets.join(' ')}`.trim(),
                signal: stop.signal,
                lock: lockOptions(terminal, options),
                ...progress(terminal, options),
              }),
            );
            terminal.show('');
            if (stop.code !== undefined) return stop.code;
            if (report.stages.some(({ outcome }) => outcome === 'failed')) {
              terminal.err('capstan: no experiment is kept; the parameters stay as they were set');
              return exitCodes.failed;
            }
            const kept = await keepExperiment(repository, revisions, keep);
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
