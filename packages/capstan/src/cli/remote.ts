import type { Command } from 'commander';
import { addRemote, listRemotes, modifyRemote, removeRemote, setDefaultRemote, type RemoteLevel } from '#repository';
import { invalid } from '#kernel/errors';
import { inRepository, WAIT_OPTION } from './open-here.ts';
import type { Registration } from './run.ts';
import { oneLine, table } from './terminal.ts';

interface Flags {
  readonly wait: string;
  readonly local?: boolean;
  readonly default?: boolean;
  readonly force?: boolean;
  readonly unset?: boolean;
  readonly json?: boolean;
}

const LOCAL = ['--local', 'in .dvc/config.local, which Git does not keep: the place for secrets'] as const;
const levelOf = ({ local }: Flags): RemoteLevel => (local ? 'local' : 'repo');

export function register(program: Command, at: Registration): void {
  const remote = program.command('remote').description('Say where data is pushed to and pulled from, in .dvc/config');
  registerAdd(remote, at);
  registerList(remote, at);
  registerModify(remote, at);
  registerOthers(remote, at);
}

function registerAdd(remote: Command, { terminal, action }: Registration): void {
  remote
    .command('add <name> <url>')
    .description('Add a remote: a folder, s3://, http(s):// or ssh://')
    .option('-d, --default', 'use it where no remote is named')
    .option('-f, --force', 'take the place of one of the same name')
    .option(...LOCAL)
    .option(...WAIT_OPTION)
    .addHelpText(
      'after',
      '\nExamples:\n  capstan remote add -d storage s3://bucket/project\n  capstan remote add disk ../shared\n  capstan remote add lab ssh://ada@host/data\n',
    )
    .action(
      action(async (name: string, url: string, flags: Flags) => {
        await inRepository(terminal, flags, async (repository) => {
          const described = { name, url, isDefault: flags.default === true, isForced: flags.force === true };
          addRemote(repository, described, levelOf(flags));
        });
        return undefined;
      }),
    );
}

function registerList(remote: Command, { terminal, action }: Registration): void {
  remote
    .command('list')
    .description('List the remotes')
    .option(...WAIT_OPTION)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  capstan remote list\n')
    .action(
      action(async (flags: Flags) => {
        const remotes = await inRepository(terminal, flags, async (repository) => listRemotes(repository));
        if (flags.json) terminal.out(JSON.stringify({ schema: 'capstan/remotes.v1', remotes }));
        else if (remotes.length === 0) terminal.out('There is no remote: capstan remote add --default NAME URL.');
        else {
          const rows = remotes.map(({ name, url, isDefault }) => [name, oneLine(url, 120), isDefault ? 'default' : '']);
          terminal.out(table(['NAME', 'URL', ''], rows));
        }
        return undefined;
      }),
    );
}

function registerModify(remote: Command, { terminal, action }: Registration): void {
  remote
    .command('modify <name> <option> [value]')
    .description('Set an option of a remote, as dvc names them')
    .option('-u, --unset', 'take the option out')
    .option(...LOCAL)
    .option(...WAIT_OPTION)
    .addHelpText(
      'after',
      '\nExamples:\n  capstan remote modify storage endpointurl https://s3.example.org\n  capstan remote modify --local storage secret_access_key SECRET\n',
    )
    .action(
      action(async (name: string, option: string, value: string | undefined, flags: Flags) => {
        if ((value === undefined) !== (flags.unset === true)) {
          throw invalid('Say a value, or --unset', { field: 'value' });
        }
        await inRepository(terminal, flags, async (repository) => {
          modifyRemote(repository, { name, option, value }, levelOf(flags));
        });
        return undefined;
      }),
    );
}

function registerOthers(remote: Command, { terminal, action }: Registration): void {
  remote
    .command('default <name>')
    .description('Use a remote where none is named')
    .option(...LOCAL)
    .option(...WAIT_OPTION)
    .addHelpText('after', '\nExample:\n  capstan remote default storage\n')
    .action(
      action(async (name: string, flags: Flags) => {
        await inRepository(terminal, flags, async (repository) => {
          setDefaultRemote(repository, name, levelOf(flags));
        });
        return undefined;
      }),
    );
  remote
    .command('remove <name>')
    .description('Take a remote out of the config; what it holds stays there')
    .option(...WAIT_OPTION)
    .addHelpText('after', '\nExample:\n  capstan remote remove storage\n')
    .action(
      action(async (name: string, flags: Flags) => {
        await inRepository(terminal, flags, async (repository) => removeRemote(repository, name));
        return undefined;
      }),
    );
}
