// Remotes as the config files of a checkout describe them: `config` for everyone, `config.local` for this checkout alone.
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { conflict, invalid } from '#kernel/errors';
import { readConfig, removeConfigSection, setConfigOption } from '#protocols/dvc';
import { writeWhole } from '../data/git.ts';
import type { Repository } from '../open.ts';
import { remoteNamed } from './which-remote.ts';

/** Which file is changed. */
export type RemoteLevel = 'repo' | 'local';

export interface ListedRemote {
  readonly name: string;
  /** Without a password. */
  readonly url: string;
  readonly isDefault: boolean;
}

const NAME = /^[\w.-]+$/;

export function listRemotes({ config }: Pick<Repository, 'config'>): ListedRemote[] {
  return [...config.remotes.values()].map(({ name, url }) => ({
    name,
    url: url.replace(/^(\w+:\/\/[^/@:]*):[^/@]*@/, '$1:***@'),
    isDefault: config.core.remote === name,
  }));
}

/**
 * Describes a remote. A path is relative to the caller's folder and written as one that is relative to the file.
 * @throws DomainError CONFLICT for a name that is taken; INVALID_ARGUMENT for an url of no known kind
 */
export function addRemote(
  repository: Repository,
  { name, url, isDefault, isForced }: { name: string; url: string; isDefault: boolean; isForced: boolean },
  level: RemoteLevel,
): void {
  if (!NAME.test(name)) {
    throw invalid(`'${name}' is no name of a remote`, { field: 'name', hint: 'Use letters, digits, - and _.' });
  }
  if (repository.config.remotes.has(name.toLowerCase()) && !isForced) {
    throw conflict(`There is a remote '${name}' already`, {
      field: 'name',
      hint: `Change it with: capstan remote modify ${name} url URL. Or take its place with --force.`,
    });
  }
  edit(repository, level, (text) => {
    const cleared = isForced ? removeConfigSection(text, sectionOf(name)) : text;
    const added = setConfigOption(cleared, sectionOf(name), 'url', writtenUrl(repository, url));
    return isDefault ? setConfigOption(added, 'core', 'remote', name) : added;
  });
}

/** Makes a remote the one that is used where none is named. @throws DomainError NOT_FOUND */
export function setDefaultRemote(repository: Repository, name: string, level: RemoteLevel): void {
  remoteNamed(repository.config, name);
  edit(repository, level, (text) => setConfigOption(text, 'core', 'remote', name));
}

/**
 * Sets an option of a remote; takes it out where `value` is undefined.
 * @throws DomainError NOT_FOUND; INVALID_ARGUMENT for an option or value that such a remote does not have
 */
export function modifyRemote(
  repository: Repository,
  { name, option, value }: { name: string; option: string; value: string | undefined },
  level: RemoteLevel,
): void {
  remoteNamed(repository.config, name);
  const written = option === 'url' && value !== undefined ? writtenUrl(repository, value) : value;
  edit(repository, level, (text) => setConfigOption(text, sectionOf(name), option, written));
}

/** Takes a remote out of both files; the default, where it was that. @throws DomainError NOT_FOUND */
export function removeRemote(repository: Repository, name: string): void {
  remoteNamed(repository.config, name);
  const isDefault = repository.config.core.remote === name.toLowerCase();
  for (const level of ['local', 'repo'] as const) {
    edit(repository, level, (text) => {
      const removed = removeConfigSection(text, sectionOf(name));
      return isDefault ? setConfigOption(removed, 'core', 'remote', undefined) : removed;
    });
  }
}

const sectionOf = (name: string): string => `remote "${name}"`;

function writtenUrl({ root, here, home }: Repository, url: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url) || isAbsolute(url)) return url;
  if (url.startsWith('~/')) return join(homedir(), url.slice(2));
  return relative(home, resolve(root, here, url))
    .split(sep)
    .join('/');
}

/** What would leave the file unreadable is not written. */
function edit({ home }: Repository, level: RemoteLevel, change: (text: string) => string): void {
  const file = join(home, level === 'local' ? 'config.local' : 'config');
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const after = change(before);
  if (after === before) return;
  const other = join(home, 'config');
  const shared =
    level === 'local' && existsSync(other)
      ? [{ level: 'repo' as const, file: other, text: readFileSync(other, 'utf8') }]
      : [];
  readConfig([...shared, { level, file, text: after }]);
  writeWhole(file, after);
}
