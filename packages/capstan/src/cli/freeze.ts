import type { Command } from 'commander';
import { freezeStages } from '#repository';
import { inRepository, WAIT_OPTION } from './open-here.ts';
import type { Registration } from './run.ts';

interface Options {
  readonly wait: string;
  readonly json?: boolean;
}

export function register(program: Command, at: Registration): void {
  addFreezing(program, at, true);
}

/** `freeze` and `unfreeze` differ in what they set. */
export function addFreezing(program: Command, { terminal, action }: Registration, isFrozen: boolean): void {
  const name = isFrozen ? 'freeze' : 'unfreeze';
  program
    .command(`${name} <stage...>`)
    .description(isFrozen ? 'Keep stages from running, whatever changes' : 'Let frozen stages run again')
    .option(...WAIT_OPTION)
    .option('--json', 'print JSON')
    .addHelpText('after', `\nExample:\n  capstan ${name} train\n`)
    .action(
      action(async (targets: string[], options: Options) => {
        const stages = await inRepository(terminal, options, (repository) =>
          freezeStages(repository, targets, isFrozen),
        );
        if (options.json) terminal.out(JSON.stringify({ schema: `capstan/${name}.v1`, stages }));
        else terminal.out(`${isFrozen ? 'Frozen' : 'No longer frozen'}: ${stages.join(', ')}`);
        return undefined;
      }),
    );
}
