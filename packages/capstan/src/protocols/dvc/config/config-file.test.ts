import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readConfig, removeConfigSection, setConfigOption, type ConfigLevel } from '../index.ts';
import { readIni } from '../text/ini-text.ts';

/** Two values where one belongs: dvc goes on with their text in Python's brackets, which names no remote. */
const MORE_THAN_ONE = /^remote = [^'"]*,/m;

type Read = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
const vectors = JSON.parse(readFileSync(new URL('../golden/config-files.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly { readonly text: string; readonly read: Read | null; readonly valid: boolean }[];
  readonly written: readonly { readonly value: string; readonly text: string }[];
};

function level(text: string, name: ConfigLevel = 'repo', file = '/p/.dvc/config') {
  return { level: name, file, text };
}

function sectionsOf(text: string): Read {
  return Object.fromEntries(
    readIni(text, 'config').map((section) => [
      section.name,
      Object.fromEntries(section.options.map((option) => [option.name, option.value])),
    ]),
  );
}

describe('config files', () => {
  it.each(vectors.cases)('are read, or refused, as dvc does: $text', ({ text, read, valid }) => {
    // Options outside of a section are read by dvc, and refused then.
    const hasSections = read && Object.values(read).every((options) => typeof options === 'object');
    if (hasSections) expect(sectionsOf(text)).toEqual(read);
    else expect(() => readIni(text, 'config')).toThrow(/^config:\d+: /);
    if (valid && !MORE_THAN_ONE.test(text)) readConfig([level(text)]);
    else expect(() => readConfig([level(text)])).toThrow(/^\/p\/\.dvc\/config:\d+: /);
  });

  it.each(vectors.written)('with the value $value are written as dvc does', ({ value, text }) => {
    expect(sectionsOf(text)).toEqual({ 'remote "r"': { url: value } });
    expect(sectionsOf(setConfigOption('', 'remote "r"', 'url', value))).toEqual({ 'remote "r"': { url: value } });
  });

  it.each([
    ['[core]\nremot = x\n', '/p/.dvc/config:2', 'Did you mean remote?'],
    ['[cor]\n', '/p/.dvc/config:1', 'Did you mean core?'],
    [`['remote "a"']\nurl = s3://b\nregoin = x\n`, '/p/.dvc/config:3', 'Did you mean region?'],
    [`['remote "a"']\nurl = s4://b\n`, '/p/.dvc/config:2', 'Did you mean s3://?'],
    [`['remote "a"']\nregion = x\n`, '/p/.dvc/config:2', 'Add a line url = … to its section.'],
  ])('name the place and what was meant: %j', (text, field, hint) => {
    let failure: unknown;
    try {
      readConfig([level(text)]);
    } catch (error) {
      failure = error;
    }
    expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT', field, hint });
  });
});

describe('the config of a repository', () => {
  it('has what dvc takes where nothing is said', () => {
    expect(readConfig([])).toEqual({
      core: { autostage: false, noScm: false, hardlinkLock: false },
      cache: { types: ['reflink', 'copy'], isGroupShared: false, slowLinkWarning: true },
      parsing: { bool: 'store_true', list: 'nargs' },
      experiments: { autoPush: false },
      remotes: new Map(),
    });
  });

  it('is that of all levels, later ones first, with paths relative to the file that has them', () => {
    const config = readConfig([
      level(`['remote "r"']\nurl = ../far\nkeyfile = k\nuser = all\n`, 'global', '/home/u/.config/dvc/config'),
      level(`[core]\nremote = R\n[cache]\ndir = ../../cache\ntype = hardlink, copy\n['remote "R"']\nurl = ssh://h/x\n`),
      level(`[core]\nautostage = True\n['remote "r"']\nuser = me\n`, 'local', '/p/.dvc/config.local'),
    ]);
    expect(config.core).toMatchObject({ remote: 'r', autostage: true });
    expect(config.cache).toMatchObject({ dir: '/cache', types: ['hardlink', 'copy'] });
    expect([...config.remotes.values()]).toEqual([
      {
        name: 'r',
        url: 'ssh://h/x',
        level: 'repo',
        folder: '/p/.dvc',
        options: new Map([
          ['keyfile', '/home/u/.config/dvc/k'],
          ['user', 'me'],
        ]),
      },
    ]);
  });
});

describe('changing a config file', () => {
  const text = `# mine\n[core]\n    remote = old # why\n\n# far\n['remote "old"']\n    url = /x#y\n    verify = true\n`;

  it('keeps comments, order and all other options', () => {
    expect(setConfigOption(text, 'core', 'remote', 'new')).toBe(text.replace('= old #', '= new #'));
    expect(setConfigOption(text, 'core', 'autostage', 'true')).toBe(
      text.replace('# why\n', '# why\n    autostage = true\n'),
    );
    expect(setConfigOption(text, 'remote "old"', 'verify', undefined)).toBe(text.replace('    verify = true\n', ''));
    expect(setConfigOption(text, 'remote "new"', 'url', '/a b')).toBe(`${text}['remote "new"']\n    url = /a b\n`);
  });

  it('takes a section out with its last option and its comment', () => {
    expect(removeConfigSection(text, 'remote "old"')).toBe('# mine\n[core]\n    remote = old # why\n\n');
    expect(setConfigOption('[core]\nremote = x\n', 'core', 'remote', undefined)).toBe('');
    expect(setConfigOption(text, 'core', 'verify', undefined)).toBe(text);
    expect(removeConfigSection(text, 'cache')).toBe(text);
  });

  it('replaces a value of several lines', () => {
    expect(setConfigOption(`[core]\nremote = '''a\nb'''\nno_scm = true\n`, 'core', 'remote', 'c')).toBe(
      '[core]\nremote = c\nno_scm = true\n',
    );
  });

  it('refuses values that a line cannot hold', () => {
    expect(() => setConfigOption(text, 'core', 'remote', 'a\nb')).toThrow('must be one line');
    expect(() => setConfigOption(text, 'core', 'remote', `'"""`)).toThrow('quotes of every kind');
  });

  it('writes what is read back', () => {
    const value = fc
      .string({ unit: 'grapheme-ascii' })
      .filter((each) => !/[\r\n\0]/.test(each) && !each.includes('"""'));
    fc.assert(
      fc.property(value, value, (first, second) => {
        const once = setConfigOption('# top\n', 'remote "r"', 'url', first);
        const twice = setConfigOption(setConfigOption(once, 'remote "r"', 'user', second), 'remote "r"', 'url', second);
        expect(sectionsOf(once)).toEqual({ 'remote "r"': { url: first } });
        expect(sectionsOf(twice)).toEqual({ 'remote "r"': { url: second, user: second } });
      }),
    );
  });
});
