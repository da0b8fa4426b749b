// Which remote is meant, as the config files say it.
import { DomainError, invalid, notFound } from '#kernel/errors';
import { nearest } from '#kernel/nearest';
import type { ObjectRemote, OpenRemote, RemoteSettings } from '#ports/object-remote';
import type { DvcConfig, RemoteConfig } from '#protocols/dvc';

/** What opening a remote needs of a repository: its own, or another one's. */
export interface RemoteSource {
  readonly config: DvcConfig;
  readonly openRemote: OpenRemote;
}

/** An url that names another remote and a path in it. */
const BY_REMOTE = /^remote:\/\/([^/]+)\/?(.*)$/i;
const MOST_STEPS = 10;

/**
 * Settings of a remote; of the one that `core.remote` names where none is asked for.
 * @throws DomainError NOT_FOUND with the nearest name; NOT_IMPLEMENTED for remotes that keep versions of their own
 */
export function remoteSettings(config: DvcConfig, name?: string): RemoteSettings {
  const wanted = name ?? config.core.remote;
  if (wanted === undefined) {
    throw new DomainError('NOT_FOUND', 'No remote is set', {
      field: 'core.remote',
      hint: 'Set one with: capstan remote add --default NAME URL. Or name one with --remote.',
    });
  }
  const settings = withBase(config, remoteNamed(config, wanted), 0);
  const own = ['version_aware', 'worktree'].find((option) => settings.options.get(option)?.toLowerCase() === 'true');
  if (own === undefined) return settings;
  throw new DomainError('NOT_IMPLEMENTED', `The remote '${settings.name}' keeps versions of its own (${own})`, {
    field: `remote.${settings.name}.${own}`,
    hint: 'Use dvc for it, or a remote without this option.',
  });
}

/** @throws DomainError as `remoteSettings`, and what the adapter says of settings that it cannot use */
export async function openRemoteOf({ config, openRemote }: RemoteSource, name?: string): Promise<ObjectRemote> {
  return await openRemote(remoteSettings(config, name));
}

/** How many calls at once: as asked for, as set, or as suits the remote. */
export function jobsOf(settings: RemoteSettings, remote: ObjectRemote, asked?: number): number {
  const set = settings.options.get('jobs');
  return asked ?? (set === undefined ? remote.jobs : Number(set));
}

/** @throws DomainError NOT_FOUND with the nearest name */
export function remoteNamed(config: DvcConfig, name: string): RemoteConfig {
  const found = config.remotes.get(name.toLowerCase());
  if (found) return found;
  const names = [...config.remotes.keys()];
  const suggestion = nearest(name, names);
  const known = names.length === 0 ? 'None is set up: capstan remote add NAME URL.' : `Known: ${names.join(', ')}`;
  throw notFound('remote', name, suggestion ? `Did you mean ${suggestion}?` : known);
}

/** `remote://base/path` is a place in another remote, with the settings of both. */
function withBase(config: DvcConfig, remote: RemoteConfig, steps: number): RemoteSettings {
  const { name, url, folder, options } = remote;
  const [, baseName, path = ''] = BY_REMOTE.exec(url) ?? [];
  if (baseName === undefined) return { name, url, folder, options };
  if (steps === MOST_STEPS) {
    throw invalid(`The remote '${name}' leads back to itself: ${url}`, { field: `remote.${name}.url` });
  }
  const base = withBase(config, remoteNamed(config, baseName), steps + 1);
  return {
    name,
    url: path === '' ? base.url : `${base.url.replace(/\/$/, '')}/${path}`,
    folder: base.folder,
    options: new Map([...base.options, ...options]),
  };
}
