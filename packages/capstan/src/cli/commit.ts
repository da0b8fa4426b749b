import type { Command } from 'commander';
import { commitStages, whyLine } from '#repository';
import { inRepository, WAIT_OPTION } from './open-here.ts';
import type { Registration } from './run.ts';

interface Options {
  readonly allPipelines?: boolean;
  readonly wait: string;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  capstan commit train     a change that means nothing: what train made before counts as made by what is there now
`;

export function register(program: Command, { terminal, action }: Registration): void {
  program
    .command('commit [target...]')
    .description('Record stages and data as they lie in the checkout, without running anything')
    .option('-P, --all-pipelines', 'all stages and data of the repository')
    .option(...WAIT_OPTION)
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(
      action(async (targets: string[], options: Options) => {
        const isEverything = options.allPipelines === true;
        const committed = await inRepository(terminal, options, (repository) =>
          commitStages(repository, { targets, isEverything }),
        );
        if (options.json) terminal.out(JSON.stringify({ schema: 'capstan/commit.v1', committed }));
        else if (committed.length === 0) terminal.out('All of it is recorded as it is already.');
        else terminal.out(committed.map(({ stage, why }) => `${stage} is recorded: ${whyLine(why)}`).join('\n'));
        return undefined;
      }),
    );
}
