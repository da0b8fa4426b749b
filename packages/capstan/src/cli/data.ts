import type { Command } from 'commander';
import { repairData, verifyData, type UnfitObject } from '#repository';
import { exitCodes } from './exit-codes.ts';
import { inRepository, WAIT_OPTION, withRepository } from './open-here.ts';
import type { Registration } from './run.ts';
import { oneLine } from './terminal.ts';
import { bytesText, progressShown } from './transfers.ts';

interface Options {
  readonly all?: boolean;
  readonly repair?: boolean;
  readonly remote?: string;
  readonly wait: string;
  readonly json?: boolean;
}

const LONGEST_PATH = 500;

export function register(program: Command, { terminal, action }: Registration): void {
  const group = program.command('data').description('Look after the data of a repository');
  group
    .command('verify [target...]')
    .description('Read every object of the cache that the data needs, and name those that are damaged or missing')
    .option('--all', 'the whole cache, not only what the targets need')
    .option('--repair', 'bring what is damaged or missing from the remote')
    .option('-r, --remote <name>', 'with --repair: another remote than the default one')
    .option(...WAIT_OPTION)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  capstan data verify\n  capstan data verify data/images --repair\n')
    .action(
      action(async (targets: string[], options: Options) => {
        const done = { files: 0, bytes: 0 };
        const how = {
          isAll: options.all === true,
          onProgress: (files: number, bytes: number) => {
            done.files += files;
            done.bytes += bytes;
            terminal.show(`${done.files.toLocaleString('en')} objects, ${bytesText(done.bytes)} read`);
          },
        };
        const transfer = { remote: options.remote, onProgress: progressShown(terminal) };
        const result = options.repair
          ? await inRepository(terminal, options, (repository) => repairData(repository, targets, { ...how, transfer }))
          : { ...(await withRepository(terminal, (repository) => verifyData(repository, targets, how))), repaired: [] };
        const { unfit, repaired, checked } = result;
        if (options.json) terminal.out(JSON.stringify({ schema: 'capstan/verified-data.v1', ...result }));
        else {
          const mended = repaired.map((object) => `repaired ${lineOf(object)}`);
          terminal.out([...mended, ...unfit.map(lineOf), summary(checked, unfit.length)].join('\n'));
        }
        return unfit.length > 0 ? exitCodes.failed : exitCodes.done;
      }),
    );
}

function lineOf({ state, neededBy, file, md5 }: UnfitObject): string {
  const what = neededBy === undefined ? 'nothing in the checkout needs it' : oneLine(neededBy, LONGEST_PATH);
  return `${state.padEnd('damaged'.length)}  ${what}  ${state === 'damaged' ? file : md5}`;
}

function summary(checked: number, unfit: number): string {
  const objects = `${checked.toLocaleString('en')} objects read`;
  return unfit === 0 ? `${objects}, all whole.` : `${objects}, ${unfit.toLocaleString('en')} not as they should be.`;
}
