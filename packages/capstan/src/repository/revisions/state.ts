/** The files of a repository as they are in the checkout, or were at a revision. Paths are relative to its root, with `/`. */
export interface RepositoryState {
  /** `workspace`, or the revision as it was asked for. */
  readonly name: string;
  /** The commit; undefined for the checkout. */
  readonly commit: string | undefined;
  /** What lies in a folder, by no order; nothing where there is no folder. */
  list(folder: string): Promise<readonly StateEntry[]>;
  /** Bytes of a file, links followed; undefined where there is none. */
  read(path: string): Promise<Buffer | undefined>;
  /** Equal ones mean equal bytes at the path; undefined where that is not known. */
  idOf(path: string): Promise<string | undefined>;
}

export interface StateEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** What the checkout is called where a revision is asked for. */
export const WORKSPACE = 'workspace';

/** How a file of a state is named in messages: as git does it. */
export function shownIn({ name, commit }: Pick<RepositoryState, 'name' | 'commit'>, path: string): string {
  return commit === undefined ? path : `${name}:${path}`;
}

/** @returns the text of a file; undefined where there is none */
export async function readStateText(state: RepositoryState, path: string): Promise<string | undefined> {
  return (await state.read(path))?.toString('utf8');
}
