import { existsSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, posix, relative, resolve, sep } from 'node:path';
import { DomainError, invalid } from '#kernel/errors';
import type { OpenRemote } from '#ports/object-remote';
import { readConfig, rootIgnoreRules, type ConfigText, type DvcConfig } from '#protocols/dvc';
import { openCache, type ObjectCache } from './cache/object-cache.ts';
import { createHashPool, type HashPool } from './hashing/hash-pool.ts';
import type { ContentSource } from './tree/content.ts';

/** A checkout that DVC's files describe: a folder with `.dvc` in it. */
export interface Repository extends ContentSource {
  /** Where the command was given: paths of callers are relative to it. Relative to the root, `''` for the root. */
  readonly here: string;
  /** Absolute: `.dvc`. */
  readonly home: string;
  readonly config: DvcConfig;
  readonly cache: ObjectCache;
  readonly pool: HashPool;
  readonly openRemote: OpenRemote;
  /** Whether Git keeps the root, so that it must be told what not to keep. */
  readonly isInGit: boolean;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Absolute. */
  readonly cwd: string;
  /** Folders of DVC’s settings of the machine and of the person. */
  readonly configFolders: { readonly system: string; readonly global: string };
  readonly threads?: number;
  readonly openRemote: OpenRemote;
  now(): number;
}

/**
 * Opens the repository around a folder.
 * @throws DomainError NOT_FOUND where no folder upwards holds `.dvc`; INVALID_ARGUMENT for a config file that cannot be read
 */
export function openRepository(options: OpenOptions): Repository {
  const root = rootOf(options.cwd);
  if (root === undefined) {
    throw new DomainError('NOT_FOUND', 'This folder belongs to no repository with data in it', {
      hint: 'Make it one with: capstan init. A folder .dvc marks the root of one.',
    });
  }
  const home = join(root, '.dvc');
  const config = readConfig(configTexts(home, options.configFolders));
  const pool = createHashPool(options.threads ?? config.core.checksumJobs);
  return {
    root,
    home,
    here: relative(root, options.cwd).split(sep).join('/'),
    config,
    cache: openCache(cacheFolder(home, config), config.cache.types),
    pool,
    rules: rootIgnoreRules(),
    memoFolder: join(home, 'tmp', 'capstan', 'hashes'),
    isInGit: !config.core.noScm && isInGit(root),
    openRemote: options.openRemote,
    now: options.now,
    close: () => pool.close(),
  };
}

/** The nearest folder upwards that holds `.dvc`, as a folder: another repository may lie around it. */
export function rootOf(cwd: string): string | undefined {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    if (statSync(join(folder, '.dvc'), { throwIfNoEntry: false })?.isDirectory()) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

/**
 * A caller's path as one of the repository.
 * @throws DomainError INVALID_ARGUMENT for one that leads out of it
 */
export function pathInside({ root, here }: Pick<Repository, 'root' | 'here'>, given: string): string {
  const path = relative(root, resolve(root, here, given))
    .split(sep)
    .join('/');
  if (path !== '..' && !path.startsWith('../') && !isAbsolute(path)) return path;
  throw invalid(`${given} lies outside the repository ${root}`, {
    field: given,
    hint: 'Move it inside, or bring it in with: capstan import-url.',
  });
}

/** A path of the repository as a caller names it: relative to where the command was given. */
export function relativePath({ here }: Pick<Repository, 'here'>, path: string): string {
  return posix.relative(here, path);
}

function configTexts(home: string, folders: OpenOptions['configFolders']): ConfigText[] {
  const files = [
    { level: 'system', file: join(folders.system, 'config') },
    { level: 'global', file: join(folders.global, 'config') },
    { level: 'repo', file: join(home, 'config') },
    { level: 'local', file: join(home, 'config.local') },
  ] as const;
  return files
    .filter(({ file }) => existsSync(file))
    .map(({ level, file }) => ({ level, file, text: readFileSync(file, 'utf8') }));
}

function cacheFolder(home: string, { cache }: DvcConfig): string {
  const { dir } = cache;
  if (dir === undefined) return join(home, 'cache');
  return resolve(home, dir.startsWith('~/') ? join(homedir(), dir.slice(2)) : dir);
}

function isInGit(root: string): boolean {
  for (let folder = root; ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.git'))) return true;
    if (folder === dirname(folder)) return false;
  }
}
