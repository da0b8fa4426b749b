import type { Command } from 'commander';
import { readDag } from '#repository';
import { dagDot, dagMermaid, dagPicture } from './dag-picture.ts';
import { inRepository, WAIT_OPTION } from './open-here.ts';
import type { Registration } from './run.ts';

interface Options {
  readonly downstream?: boolean;
  readonly pipeline?: boolean;
  readonly mermaid?: boolean;
  readonly dot?: boolean;
  readonly wait: string;
  readonly json?: boolean;
}

export function register(program: Command, { terminal, action }: Registration): void {
  program
    .command('dag [target...]')
    .description('Show what reads from what: the stages and data of the repository')
    .option('--downstream', 'the targets and what reads from them')
    .option('-p, --pipeline', 'all that hangs together with the targets')
    .option('--mermaid', 'for Markdown')
    .option('--dot', 'for Graphviz')
    .option(...WAIT_OPTION)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  capstan dag\n  capstan dag train --mermaid >> README.md\n')
    .action(
      action(async (targets: string[], options: Options) => {
        const nodes = await inRepository(terminal, options, (repository) =>
          readDag(repository, {
            targets,
            isDownstream: options.downstream === true,
            isWhole: options.pipeline === true,
          }),
        );
        if (options.json) terminal.out(JSON.stringify({ schema: 'capstan/dag.v1', nodes }));
        else if (options.mermaid) terminal.out(dagMermaid(nodes));
        else if (options.dot) terminal.out(dagDot(nodes));
        else terminal.out(nodes.length === 0 ? 'There are no stages, and no data is tracked.' : dagPicture(nodes));
        return undefined;
      }),
    );
}
