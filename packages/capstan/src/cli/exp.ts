import type { Command } from 'commander';
import { invalid } from '#kernel/errors';
import { nearest } from '#kernel/nearest';
import {
  experimentTable,
  onlyChanged,
  openRevisions,
  relativePath,
  showExperiments,
  sortedBy,
  valuesJson,
  type Baseline,
  type ExperimentTable,
  type ExperimentValues,
  type Repository,
} from '#repository';
import { csvText } from './csv-text.ts';
import { withRepository } from './open-here.ts';
import type { Registration } from './run.ts';
import { precisionOf, shownValue, textTable } from './value-tables.ts';

interface Options {
  readonly rev?: string[];
  readonly allBranches?: boolean;
  readonly allTags?: boolean;
  readonly allCommits?: boolean;
  readonly onlyChanged?: boolean;
  readonly paramDeps?: boolean;
  readonly hideWorkspace?: boolean;
  readonly sortBy?: string;
  readonly sortOrder: string;
  readonly precision?: string;
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly md?: boolean;
}

const SHORT_ID = 7;

export function register(program: Command, { terminal, action }: Registration): void {
  const exp = program.command('exp').description('Experiments: runs that are kept as commits beside the branches');
  exp
    .command('show')
    .description('Parameters and metrics of commits and the experiments that began from them')
    .option('--rev <revision...>', 'these commits instead of HEAD')
    .option('-a, --all-branches', 'of every branch')
    .option('-T, --all-tags', 'of every tag')
    .option('-A, --all-commits', 'of every commit')
    .option('--only-changed', 'only what differs between rows')
    .option('--param-deps', 'only parameters that stages depend on')
    .option('--hide-workspace', 'leave out the checkout')
    .option('--sort-by <name>', 'order the experiments of a commit by a metric or parameter')
    .option('--sort-order <order>', 'asc or desc', 'asc')
    .option('--precision <digits>', 'digits behind the point (5)')
    .option('--json', 'print JSON')
    .option('--csv', 'print CSV')
    .option('--md', 'print a Markdown table')
    .addHelpText(
      'after',
      '\nExamples:\n  capstan exp show --only-changed\n  capstan exp show -a --sort-by acc --sort-order desc\n',
    )
    .action(
      action(async (options: Options) => {
        const precision = precisionOf(options.precision);
        if (!['asc', 'desc'].includes(options.sortOrder)) {
          throw invalid(`--sort-order is asc or desc, not '${options.sortOrder}'`, { field: '--sort-order' });
        }
        await withRepository(terminal, async (repository) => {
          const revisions = openRevisions(repository);
          try {
            const { allBranches = false, allTags = false, allCommits = false } = options;
            const shown = await showExperiments(repository, revisions, {
              revisions: options.rev ?? [],
              allBranches,
              allTags,
              allCommits,
              isDepsOnly: options.paramDeps === true,
              onProgress: ({ commits, of }) => terminal.show(`${commits} of ${of} commits`),
            });
            const rows = options.hideWorkspace ? shown.filter(({ commit }) => commit !== undefined) : shown;
            if (options.json) {
              const experiments = rows.map((baseline) => baselineJson(repository, baseline));
              terminal.out(valuesJson({ schema: 'capstan/experiments.v1', experiments }));
              return;
            }
            for (const { name, error } of rows.flatMap((one) => [one, ...one.experiments].map(errorOf))) {
              if (error) terminal.err(`capstan: the files of ${name} could not be read: ${error.message}`);
            }
            const table = ordered(
              experimentTable(rows, (file) => relativePath(repository, file)),
              options,
            );
            terminal.out(textOf(options.onlyChanged ? onlyChanged(table) : table, options, precision));
          } finally {
            await revisions.close();
          }
        });
        return undefined;
      }),
    );
}

const errorOf = ({ name, values }: { name: string; values: ExperimentValues }) => ({ name, error: values.error });

function ordered(table: ExperimentTable, { sortBy, sortOrder }: Options): ExperimentTable {
  if (sortBy === undefined) return table;
  const columns = [...table.metrics, ...table.params];
  if (columns.includes(sortBy)) return sortedBy(table, sortBy, sortOrder === 'desc');
  const near = nearest(sortBy, columns);
  throw invalid(`There is no metric or parameter '${sortBy}'`, {
    field: '--sort-by',
    hint: near === undefined ? `There are ${columns.join(', ')}.` : `Did you mean ${near}?`,
  });
}

function textOf({ metrics, params, rows }: ExperimentTable, options: Options, precision: number): string {
  const columns = [...metrics, ...params];
  const exact = options.csv === true;
  const cells = rows.map((row) => [
    exact ? row.name : shownName(row.name, row.baseline !== undefined),
    ...(exact ? [row.baseline ?? '', row.commit ?? ''] : [row.baseline === undefined ? '' : short(row.commit ?? '')]),
    row.committedAt === undefined ? '' : timeText(row.committedAt, exact),
    ...columns.map((column) => cellText(row.values.get(column), exact, precision)),
  ]);
  if (exact) return csvText([['Experiment', 'Baseline', 'Commit', 'Created', ...columns], ...cells]);
  return textTable(['Experiment', 'Commit', 'Created', ...columns], cells, options.md === true);
}

function cellText(value: Parameters<typeof shownValue>[0], isExact: boolean, precision: number): string {
  if (!isExact) return shownValue(value, precision);
  return value === null || value === undefined ? '' : shownValue(value);
}

function shownName(name: string, isExperiment: boolean): string {
  const shown = /^[0-9a-f]{40,64}$/.test(name) ? short(name) : name;
  return isExperiment ? `└ ${shown}` : shown;
}

const short = (commit: string): string => commit.slice(0, SHORT_ID);

function timeText(seconds: number, isExact: boolean): string {
  const text = new Date(seconds * 1_000).toISOString();
  return isExact ? text : text.slice(0, 16).replace('T', ' ');
}

/** As `dvc exp show --json` has it, of what is known here. */
function baselineJson(repository: Repository, { name, commit, committedAt, values, experiments }: Baseline): unknown {
  const data = (one: ExperimentValues, at: number | undefined, rev: string) =>
    one.error
      ? { rev, name, error: { type: one.error.code, msg: one.error.message } }
      : {
          rev,
          data: {
            rev,
            timestamp: at === undefined ? null : new Date(at * 1_000).toISOString(),
            params: filesJson(repository, one.params),
            metrics: filesJson(repository, one.metrics),
          },
        };
  return {
    ...data(values, committedAt, commit ?? name),
    name,
    experiments: experiments.map((one) => ({
      name: one.name,
      revs: [{ ...data(one.values, one.committedAt, one.commit), name: one.name }],
    })),
  };
}

function filesJson(repository: Repository, values: ExperimentValues['params']): unknown {
  return new Map(
    [...values].map(([file, found]): [string, unknown] => [
      relativePath(repository, file),
      'value' in found ? { data: found.value } : { error: { type: found.error.code, msg: found.error.message } },
    ]),
  );
}
