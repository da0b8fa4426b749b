import { posix } from 'node:path';
import { invalid } from '#kernel/errors';
import { nearest } from '#kernel/nearest';
import {
  LINK_TYPES,
  NAMED_OPTIONS,
  REMOTE_OPTIONS,
  SECTION_OPTIONS,
  UNCHECKED_SECTIONS,
  type OptionKind,
  type Options,
} from './config-options.ts';
import { readIni, type IniValue } from '../text/ini-text.ts';

/** From what all projects of the machine share to what is this checkout's own; later ones win. */
export type ConfigLevel = 'system' | 'global' | 'repo' | 'local';

export interface ConfigText {
  readonly level: ConfigLevel;
  /** Path of the file: relative paths in it are relative to its folder. */
  readonly file: string;
  readonly text: string;
}

export type LinkType = (typeof LINK_TYPES)[number];

export interface RemoteConfig {
  readonly name: string;
  /** As written: an address, or a path that is relative to `folder` or begins with `~`. */
  readonly url: string;
  /** Where the url is set. */
  readonly level: ConfigLevel;
  /** Folder of that file. */
  readonly folder: string;
  /** The other options as text, lower-case names; paths are joined to the folder of the file that sets them. */
  readonly options: ReadonlyMap<string, string>;
}

export interface DvcConfig {
  readonly core: {
    /** Name of the remote that is used when none is asked for. */
    readonly remote?: string;
    /** Files that DVC writes are staged in Git. */
    readonly autostage: boolean;
    readonly noScm: boolean;
    readonly checksumJobs?: number;
    readonly hardlinkLock: boolean;
    readonly siteCacheDir?: string;
  };
  readonly cache: {
    /** Joined to the folder of the file that sets it; may begin with `~`. */
    readonly dir?: string;
    /** Tried in order. */
    readonly types: readonly LinkType[];
    readonly isGroupShared: boolean;
    readonly slowLinkWarning: boolean;
  };
  /** How a map becomes options of a command. */
  readonly parsing: { readonly bool: 'store_true' | 'boolean_optional'; readonly list: 'nargs' | 'append' };
  readonly experiments: { readonly autoPush: boolean; readonly gitRemote?: string };
  /** By name, in lower case as DVC compares them. */
  readonly remotes: ReadonlyMap<string, RemoteConfig>;
}

/** An option and the file that set it last. */
interface Setting {
  readonly value: IniValue;
  readonly source: ConfigText;
  readonly line: number;
}
type Settings = Map<string, Setting>;

/**
 * What the config files of a repository say together.
 * @param levels in order; files that do not exist are left out
 * @throws DomainError INVALID_ARGUMENT naming `file:line`, with the nearest name for an unknown option
 */
export function readConfig(levels: readonly ConfigText[]): DvcConfig {
  const sections = new Map<string, Settings>();
  for (const source of levels) {
    for (const section of readIni(source.text, source.file)) {
      const name = section.name.toLowerCase();
      const settings = sections.get(name) ?? new Map<string, Setting>();
      sections.set(name, settings);
      if (!isKnownSection(name)) throw unknownSection(name, `${source.file}:${section.line}`);
      for (const { name: option, value, line } of section.options) {
        settings.set(option.toLowerCase(), { value, source, line });
      }
    }
  }
  for (const [name, settings] of sections) check(settings, optionsOf(name), name);
  const get = (section: string) => new Section(sections.get(section) ?? new Map());
  return { ...sharedParts(get), remotes: remotesOf(sections) };
}

function sharedParts(get: (section: string) => Section): Omit<DvcConfig, 'remotes'> {
  const [core, cache, parsing, experiments] = [get('core'), get('cache'), get('parsing'), get('exp')];
  const remote = core.text('remote')?.toLowerCase();
  const checksumJobs = core.text('checksum_jobs');
  const siteCacheDir = core.text('site_cache_dir');
  const dir = cache.path('dir');
  const gitRemote = experiments.text('git_remote');
  return {
    core: {
      ...(remote !== undefined && { remote }),
      autostage: core.flag('autostage', false),
      noScm: core.flag('no_scm', false),
      ...(checksumJobs !== undefined && { checksumJobs: Number(checksumJobs) }),
      hardlinkLock: core.flag('hardlink_lock', false),
      ...(siteCacheDir !== undefined && { siteCacheDir }),
    },
    cache: {
      ...(dir !== undefined && { dir }),
      types: (cache.list('type') ?? ['reflink', 'copy']) as LinkType[],
      isGroupShared: cache.text('shared') !== undefined,
      slowLinkWarning: cache.flag('slow_link_warning', true),
    },
    parsing: {
      bool: parsing.text('bool')?.toLowerCase() === 'boolean_optional' ? 'boolean_optional' : 'store_true',
      list: parsing.text('list')?.toLowerCase() === 'append' ? 'append' : 'nargs',
    },
    experiments: { autoPush: experiments.flag('auto_push', false), ...(gitRemote !== undefined && { gitRemote }) },
  };
}

function remotesOf(sections: ReadonlyMap<string, Settings>): Map<string, RemoteConfig> {
  const remotes = new Map<string, RemoteConfig>();
  for (const [title, settings] of sections) {
    const { kind, name } = namedSection(title);
    if (kind !== 'remote' || name === undefined) continue;
    const url = settings.get('url');
    const [first] = settings.values();
    if (!url) throw wrong(first, `the remote '${name}' has no url`, 'Add a line url = … to its section.');
    const known = remoteOptions(url);
    check(settings, known, title);
    const section = new Section(settings);
    const options = new Map<string, string>();
    for (const option of settings.keys()) {
      if (option === 'url') continue;
      const value = known?.[option] === 'path' ? section.path(option) : section.text(option);
      options.set(option, value ?? '');
    }
    const { level, file } = url.source;
    remotes.set(name, { name, url: textOf(url), level, folder: posix.dirname(file), options });
  }
  return remotes;
}

/** Options a remote of this url may have; undefined where all are allowed. */
function remoteOptions(url: Setting): Options | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\/[^/?#]/i.exec(textOf(url))?.[1]?.toLowerCase() ?? '';
  // The url names another remote, whose options these are.
  if (scheme === 'remote') return undefined;
  const known = REMOTE_OPTIONS[scheme];
  if (known) return known;
  const schemes = Object.keys(REMOTE_OPTIONS).filter(Boolean);
  const suggestion = nearest(scheme, schemes);
  const hint = suggestion ? `Did you mean ${suggestion}://?` : `Known: ${schemes.join(', ')}`;
  throw wrong(url, `${scheme}:// is no kind of remote`, hint);
}

function namedSection(title: string): { kind: string; name?: string } {
  const match = /^\s*(remote|machine|db)\s*"(.*)"\s*$/.exec(title);
  return match ? { kind: match[1] ?? '', name: match[2] ?? '' } : { kind: title };
}

function isKnownSection(title: string): boolean {
  const { kind, name } = namedSection(title);
  if (name !== undefined) return true;
  return Object.hasOwn(SECTION_OPTIONS, kind) || UNCHECKED_SECTIONS.includes(kind);
}

/** Undefined where any option is allowed, for now: those of a remote depend on its url. */
function optionsOf(title: string): Options | undefined {
  const { kind, name } = namedSection(title);
  return name === undefined ? SECTION_OPTIONS[kind] : NAMED_OPTIONS[kind];
}

function unknownSection(name: string, place: string) {
  const names = [...Object.keys(SECTION_OPTIONS), `remote "name"`];
  const suggestion = nearest(name, names);
  const hint = suggestion ? `Did you mean ${suggestion}?` : `Known: ${names.join(', ')}`;
  return invalid(`${place}: there is no section '${name}'`, { field: place, hint });
}

function check(settings: Settings, known: Options | undefined, section: string): void {
  if (!known) return;
  for (const [option, setting] of settings) {
    const kind = Object.hasOwn(known, option) ? known[option] : undefined;
    if (kind === undefined) {
      const suggestion = nearest(option, Object.keys(known));
      const hint = suggestion ? `Did you mean ${suggestion}?` : `Known: ${Object.keys(known).join(', ')}`;
      throw wrong(setting, `${section} has no option '${option}' of this kind`, hint);
    }
    const expected = unfitting(kind, setting);
    if (expected) throw wrong(setting, `${section}.${option} must be ${expected}`);
  }
}

/** What the value should be, where it is not. */
function unfitting(kind: OptionKind, setting: Setting): string | undefined {
  if (kind === 'links') {
    const isKnown = listOf(setting).every((type) => (LINK_TYPES as readonly string[]).includes(type));
    return isKnown ? undefined : `some of ${LINK_TYPES.join(', ')}`;
  }
  if (Array.isArray(setting.value)) return 'one value; put a text with commas in quotes';
  const value = textOf(setting).toLowerCase();
  if (typeof kind !== 'string') return kind.includes(value) ? undefined : `one of ${kind.join(', ')}`;
  switch (kind) {
    case 'flag':
      return value === 'true' || value === 'false' ? undefined : 'true or false';
    case 'count':
      return /^[-+]?\d+$/.test(value) ? undefined : 'a whole number';
    case 'jobs':
      return /^\+?0*[1-9]\d*$/.test(value) ? undefined : 'a whole number of at least 1';
    case 'number':
      return /^\+?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/.test(value) ? undefined : 'a number of at least 0';
    default:
      return undefined;
  }
}

class Section {
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  text(option: string): string | undefined {
    const setting = this.#settings.get(option);
    return setting && textOf(setting);
  }

  flag(option: string, otherwise: boolean): boolean {
    const text = this.text(option)?.toLowerCase();
    return text === undefined ? otherwise : text === 'true';
  }

  list(option: string): readonly string[] | undefined {
    const setting = this.#settings.get(option);
    return setting && listOf(setting);
  }

  /** Addresses, absolute paths and those of a home stay as they are. */
  path(option: string): string | undefined {
    const setting = this.#settings.get(option);
    if (!setting) return undefined;
    const path = textOf(setting);
    if (/^\w+:\/\//.test(path) || path.startsWith('~') || posix.isAbsolute(path)) return path;
    return posix.join(posix.dirname(setting.source.file), path);
  }
}

function textOf({ value }: Setting): string {
  return typeof value === 'string' ? value : value.join(', ');
}

function listOf({ value }: Setting): readonly string[] {
  return typeof value === 'string' ? value.split(',').map((item) => item.trim()) : value;
}

function wrong(setting: Setting | undefined, message: string, hint?: string) {
  const place = setting ? `${setting.source.file}:${setting.line}` : 'config';
  return invalid(`${place}: ${message}`, { field: place, ...(hint !== undefined && { hint }) });
}
