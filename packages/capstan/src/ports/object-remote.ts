import { DomainError } from '#kernel/errors';

/** A remote as a config file describes it. */
export interface RemoteSettings {
  readonly name: string;
  /** An address, an absolute path, or a path relative to `folder`; one of a home begins with `~`. */
  readonly url: string;
  /** Absolute: folder of the file that sets the url. */
  readonly folder: string;
  /** The other options as text, lower-case names; paths are joined to the folder of their file. */
  readonly options: ReadonlyMap<string, string>;
}

export interface RemoteCall {
  /** Ends the call, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface RemoteBytes {
  /** Undefined where the remote does not tell. */
  readonly sizeBytes: number | undefined;
  /** To go through once; leaving early lets go of what they come from. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

/**
 * How a remote lists: `pages`, whatever lies below a folder at any depth, `entries` an answer in the order of their paths;
 * `folders`, one call for each folder, in which `entries` names cost as much as to ask for one; `none`, it cannot.
 */
export type Listing = { readonly by: 'pages' | 'folders'; readonly entries: number } | { readonly by: 'none' };

/**
 * Storage of objects that several checkouts share. Paths are relative to the remote, with `/`. Contract:
 * ports/object-remote.contract.ts, run by every adapter. Every call may be made while others are under way. All throw
 * DomainError with the remote's name: UNAUTHENTICATED and PERMISSION_DENIED (refused), UNAVAILABLE (unreachable, slow,
 * ended half way: the same call may be tried again), STORAGE_FULL, INVALID_ARGUMENT for settings that cannot be used.
 */
export interface ObjectRemote {
  readonly name: string;
  /** For messages: without passwords. */
  readonly address: string;
  /** Calls at once that serve it well, where nobody asks for another number. */
  readonly jobs: number;
  readonly listing: Listing;
  has(path: string, call?: RemoteCall): Promise<boolean>;
  /**
   * Paths of the files below a folder (`''` for all), page by page; none where there is no such folder.
   * @throws DomainError NOT_IMPLEMENTED where it cannot list
   */
  list(folder: string, call?: RemoteCall): AsyncIterable<readonly string[]>;
  /** @throws DomainError NOT_FOUND */
  read(path: string, call?: RemoteCall): Promise<RemoteBytes>;
  /**
   * Takes a file of this machine: others see it whole or not at all, whenever this ends. One that is there is written over.
   * @throws DomainError NOT_IMPLEMENTED where it only reads
   */
  write(path: string, file: string, call?: RemoteCall): Promise<void>;
  /** Absent ones are no error. @throws DomainError NOT_IMPLEMENTED where it cannot */
  remove(paths: readonly string[], call?: RemoteCall): Promise<void>;
  /** Lets go of connections; the last call. */
  close(): Promise<void>;
}

/** Opens what settings describe; nothing is asked of the remote before its first call. */
export type OpenRemote = (settings: RemoteSettings) => Promise<ObjectRemote>;

export type RemoteFailure =
  | 'refused'
  | 'unknown caller'
  | 'not found'
  | 'unreachable'
  | 'full'
  | 'unfit'
  | 'not offered';

const FAILURES = {
  refused: { code: 'PERMISSION_DENIED', says: 'refuses', hint: 'Look at what your account may do there.' },
  'unknown caller': {
    code: 'UNAUTHENTICATED',
    says: 'does not accept who you are for',
    hint: 'Set its user and secret in .dvc/config.local, or in the environment as its own tools have it.',
  },
  'not found': { code: 'NOT_FOUND', says: 'does not hold', hint: 'Whoever has it can push it: capstan push.' },
  unreachable: {
    code: 'UNAVAILABLE',
    says: 'cannot be reached for',
    hint: 'Do it again: what has arrived already is kept.',
  },
  full: { code: 'STORAGE_FULL', says: 'has no space left for', hint: 'Free some space there and do it again.' },
  unfit: { code: 'INVALID_ARGUMENT', says: 'cannot be used for', hint: 'Look at its section in .dvc/config.' },
  'not offered': { code: 'NOT_IMPLEMENTED', says: 'cannot', hint: 'Use a remote of another kind for this.' },
} as const;

/** An adapter's failure in words that are the same for all: `The remote 'x' (address) refuses files/md5/ab/…: why`. */
export function remoteError(
  remote: Pick<ObjectRemote, 'name' | 'address'>,
  failure: RemoteFailure,
  what: string,
  facts: { readonly cause?: unknown; readonly hint?: string } = {},
): DomainError {
  const { code, says, hint } = FAILURES[failure];
  const why = facts.cause instanceof Error && facts.cause.message !== '' ? `: ${facts.cause.message}` : '';
  return new DomainError(code, `The remote '${remote.name}' (${remote.address}) ${says} ${what}${why}`, {
    field: `remote.${remote.name}`,
    hint: facts.hint ?? hint,
    ...(facts.cause !== undefined && { cause: facts.cause }),
  });
}
