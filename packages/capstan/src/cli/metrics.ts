import type { Command } from 'commander';
import {
  diffMetrics,
  flattenValues,
  openRevisions,
  relativePath,
  showMetrics,
  valuesJson,
  WORKSPACE,
  type NamedValues,
  type Repository,
} from '#repository';
import { withRepository, inRevisions } from './open-here.ts';
import type { Registration } from './run.ts';
import { diffJson, diffTable, precisionOf, shownValue, tellProblems, textTable } from './value-tables.ts';

interface ShowOptions {
  readonly allBranches?: boolean;
  readonly allTags?: boolean;
  readonly allCommits?: boolean;
  readonly precision?: string;
  readonly json?: boolean;
  readonly md?: boolean;
}

interface DiffOptions extends Pick<ShowOptions, 'precision' | 'json' | 'md'> {
  readonly targets?: string[];
  readonly all?: boolean;
  readonly path: boolean;
}

export function register(program: Command, at: Registration): void {
  const metrics = program.command('metrics').description('Metrics of pipelines');
  registerShow(metrics, at);
  registerDiff(metrics, at);
}

function registerShow(metrics: Command, { terminal, action }: Registration): void {
  metrics
    .command('show [file...]')
    .description('Metrics of the checkout, or of many revisions')
    .option('-a, --all-branches', 'of every branch')
    .option('-T, --all-tags', 'of every tag')
    .option('-A, --all-commits', 'of every commit')
    .option('--precision <digits>', 'digits behind the point (5)')
    .option('--json', 'print JSON')
    .option('--md', 'print a Markdown table')
    .addHelpText('after', '\nExamples:\n  capstan metrics show\n  capstan metrics show -a --md\n')
    .action(
      action(async (files: string[], options: ShowOptions) => {
        const precision = precisionOf(options.precision);
        await withRepository(terminal, async (repository) => {
          const isMany = [options.allBranches, options.allTags, options.allCommits].includes(true);
          const revisions = isMany ? openRevisions(repository) : undefined;
          try {
            const shown = await showMetrics(repository, revisions, options, files);
            tellProblems(
              terminal,
              shown.flatMap(({ problems }) => problems),
            );
            if (options.json) {
              terminal.out(valuesJson({ schema: 'capstan/metrics.v1', metrics: showJson(repository, shown) }));
            } else {
              terminal.out(showTable(repository, shown, { precision, isMany, isMarkdown: options.md === true }));
            }
          } finally {
            await revisions?.close();
          }
        });
        return undefined;
      }),
    );
}

const nameOf = ({ names }: NamedValues): string => names.join(',');

/** By revision and file, as `dvc metrics show --json` has it. */
function showJson(repository: Repository, shown: readonly NamedValues[]): unknown {
  return new Map(
    shown.map((one): [string, unknown] => {
      const whole = one.problems.find(({ file }) => file === undefined);
      if (whole) return [nameOf(one), { error: { type: whole.error.code, msg: whole.error.message } }];
      const files = [...one.values].map(([file, found]) => [
        relativePath(repository, file),
        'value' in found ? { data: found.value } : { error: { type: found.error.code, msg: found.error.message } },
      ]);
      return [nameOf(one), { data: new Map(files as [string, unknown][]) }];
    }),
  );
}

function showTable(
  repository: Repository,
  shown: readonly NamedValues[],
  { precision, isMany, isMarkdown }: { precision: number; isMany: boolean; isMarkdown: boolean },
): string {
  const rows = shown.flatMap((one) =>
    [...one.values].flatMap(([file, found]) =>
      'value' in found
        ? [{ revision: nameOf(one), file: relativePath(repository, file), values: flattenValues(found.value) }]
        : [],
    ),
  );
  if (rows.length === 0) return 'There are no metrics.';
  const names = [...new Set(rows.flatMap(({ values }) => [...values.keys()]))].toSorted((a, b) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)),
  );
  return textTable(
    [...(isMany ? ['Revision'] : []), 'Path', ...names],
    rows.map(({ revision, file, values }) => [
      ...(isMany ? [revision] : []),
      file,
      ...names.map((name) => shownValue(values.get(name), precision)),
    ]),
    isMarkdown,
  );
}

function registerDiff(metrics: Command, { terminal, action }: Registration): void {
  metrics
    .command('diff [from] [to]')
    .description('How metrics differ between two commits, or a commit (HEAD) and the checkout')
    .option('--targets <file...>', 'these files and no others')
    .option('--all', 'what is equal as well')
    .option('--no-path', 'leave out the files')
    .option('--precision <digits>', 'digits behind the point (5)')
    .option('--json', 'print JSON')
    .option('--md', 'print a Markdown table')
    .addHelpText('after', '\nExamples:\n  capstan metrics diff\n  capstan metrics diff main --precision 3\n')
    .action(
      action(async (from: string | undefined, to: string | undefined, options: DiffOptions) => {
        const precision = precisionOf(options.precision);
        await inRevisions(terminal, { from, to }, async (repository, states) => {
          const diff = await diffMetrics(repository, ...states, {
            targets: options.targets ?? [],
            isAll: options.all === true,
          });
          tellProblems(terminal, diff.problems);
          if (options.json) {
            terminal.out(valuesJson({ schema: 'capstan/metrics-diff.v1', diff: diffJson(repository, diff) }));
          } else if (diff.files.size === 0) terminal.out('No metric differs.');
          else {
            terminal.out(
              diffTable(repository, diff, {
                title: 'Metric',
                from: from ?? 'HEAD',
                to: to ?? WORKSPACE,
                hasPath: options.path,
                hasChange: true,
                precision,
                isMarkdown: options.md === true,
              }),
            );
          }
        });
        return undefined;
      }),
    );
}
