import { posix } from 'node:path';
import { folderOf, nameOf } from '../paths.ts';
import type { GitObjects } from './git-objects.ts';

/** What a folder of a revision holds. */
export interface TreeEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'link' | 'submodule';
  readonly id: string;
}

/** Folders of revisions. Those that several revisions share are read once. */
export interface GitTrees {
  /** @param path relative to the tree, `''` for itself */
  entry(tree: string, path: string): Promise<TreeEntry | undefined>;
  entries(tree: string, folder: string): Promise<readonly TreeEntry[]>;
  /** Links are followed where they lead to something in the tree. */
  file(tree: string, path: string): Promise<TreeEntry | undefined>;
}

type Folder = ReadonlyMap<string, TreeEntry>;

const MAX_LINKS = 8;

export function openGitTrees(objects: GitObjects): GitTrees {
  const known = new Map<string, Promise<Folder>>();

  async function folderAt(id: string): Promise<Folder> {
    let folder = known.get(id);
    if (!folder) {
      folder = objects.read(id).then((object) => treeOf(object?.type === 'tree' ? object.bytes : undefined, id));
      known.set(id, folder);
    }
    return await folder;
  }

  async function entry(tree: string, path: string): Promise<TreeEntry | undefined> {
    let here: TreeEntry | undefined = { name: '', kind: 'folder', id: tree };
    for (const name of path === '' ? [] : path.split('/')) {
      if (here?.kind !== 'folder') return undefined;
      here = (await folderAt(here.id)).get(name);
    }
    return here;
  }

  return {
    entry,
    async entries(tree, folder) {
      const found = await entry(tree, folder);
      return found?.kind === 'folder' ? [...(await folderAt(found.id)).values()] : [];
    },
    async file(tree, path) {
      let here = path;
      for (let links = 0; links <= MAX_LINKS; links++) {
        const found = await entry(tree, here);
        if (found?.kind !== 'link') return found?.kind === 'file' ? found : undefined;
        const target = (await objects.read(found.id))?.bytes.toString('utf8') ?? '';
        here = posix.join(folderOf(here), target);
        if (posix.isAbsolute(target) || here.startsWith('..')) return undefined;
      }
      return undefined;
    },
  };
}

const KINDS: Readonly<Record<string, TreeEntry['kind']>> = {
  '40000': 'folder',
  '120000': 'link',
  '160000': 'submodule',
};

/** Entries are `mode name NUL id`, the id in bytes: 20 of them, or 32 where the repository uses SHA-256. */
function treeOf(bytes: Buffer | undefined, id: string): Folder {
  const folder = new Map<string, TreeEntry>();
  if (!bytes) return folder;
  const idBytes = id.length / 2;
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const end = bytes.indexOf(0, space);
    const name = bytes.toString('utf8', space + 1, end);
    const kind = KINDS[bytes.toString('latin1', at, space)] ?? 'file';
    folder.set(name, { name: nameOf(name), kind, id: bytes.toString('hex', end + 1, end + 1 + idBytes) });
    at = end + 1 + idBytes;
  }
  return folder;
}
