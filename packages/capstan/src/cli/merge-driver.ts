import { resolve } from 'node:path';
import type { Command } from 'commander';
import { mergeLockFiles } from '#repository';
import type { Registration } from './run.ts';

const INSTALL = `git config merge.dvc-lock.driver 'capstan merge-driver %O %A %B %P' && echo 'dvc.lock merge=dvc-lock' >> .gitattributes`;

export function register(program: Command, { terminal, action }: Registration): void {
  program
    .command('merge-driver [base] [ours] [theirs] [path]')
    .description('Merge dvc.lock stage by stage, called by git merge; without files, print how Git is told to')
    .addHelpText(
      'after',
      `
Git calls it once it is told to, for each clone:
  ${INSTALL}

A stage that one side ran is as that side has it. One that both ran, each otherwise, is left out of the file:
capstan repro brings the result of either back from the run cache where it fits, and runs the stage where none does.
`,
    )
    .action(
      action(async (base?: string, ours?: string, theirs?: string, path?: string) => {
        if (base === undefined || ours === undefined || theirs === undefined) {
          terminal.out(INSTALL);
          return undefined;
        }
        const at = (file: string): string => resolve(terminal.cwd, file);
        const leftOut = mergeLockFiles({ base: at(base), ours: at(ours), theirs: at(theirs) }, path);
        if (leftOut.length > 0) {
          terminal.err(
            `capstan: ${path ?? ours}: both sides ran ${leftOut.join(', ')}, each otherwise; run: capstan repro`,
          );
        }
        return undefined;
      }),
    );
}
