import type { Command } from 'commander';
import { diffParams, valuesJson, WORKSPACE } from '#repository';
import { inRevisions } from './open-here.ts';
import type { Registration } from './run.ts';
import { diffJson, diffTable, tellProblems } from './value-tables.ts';

interface Options {
  readonly targets?: string[];
  readonly all?: boolean;
  readonly deps?: boolean;
  readonly path: boolean;
  readonly json?: boolean;
  readonly md?: boolean;
}

export function register(program: Command, { terminal, action }: Registration): void {
  const params = program.command('params').description('Parameters of pipelines');
  params
    .command('diff [from] [to]')
    .description('How parameters differ between two commits, or a commit (HEAD) and the checkout')
    .option('--targets <file...>', 'these files and no others, whole')
    .option('--all', 'what is equal as well')
    .option('--deps', 'only what stages depend on')
    .option('--no-path', 'leave out the files')
    .option('--json', 'print JSON')
    .option('--md', 'print a Markdown table')
    .addHelpText('after', '\nExamples:\n  capstan params diff\n  capstan params diff main~3 main --all --md\n')
    .action(
      action(async (from: string | undefined, to: string | undefined, options: Options) => {
        await inRevisions(terminal, { from, to }, async (repository, states) => {
          const diff = await diffParams(repository, ...states, {
            targets: options.targets ?? [],
            isDepsOnly: options.deps === true,
            isAll: options.all === true,
          });
          tellProblems(terminal, diff.problems);
          if (options.json) {
            terminal.out(valuesJson({ schema: 'capstan/params-diff.v1', diff: diffJson(repository, diff) }));
          } else if (diff.files.size === 0) terminal.out('No parameter differs.');
          else {
            terminal.out(
              diffTable(repository, diff, {
                title: 'Param',
                from: from ?? 'HEAD',
                to: to ?? WORKSPACE,
                hasPath: options.path,
                hasChange: false,
                isMarkdown: options.md === true,
              }),
            );
          }
        });
        return undefined;
      }),
    );
}
