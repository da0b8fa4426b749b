import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Imported, ImportExtent, SourceAccess } from '#repository';
import { openHere } from './open-here.ts';
import type { Terminal } from './terminal.ts';

/** What commands that import share. */
export interface ImportFlags {
  /** Commander’s word for --no-exec: false where it was said. */
  readonly exec: boolean;
  /** The same for --no-download. */
  readonly download: boolean;
  readonly force?: boolean;
  readonly wait: string;
  readonly json?: boolean;
}

export function extentOf({ exec, download }: Pick<ImportFlags, 'exec' | 'download'>): ImportExtent {
  return exec ? (download ? 'take' : 'no-download') : 'no-exec';
}

/** Other repositories as they are reached from the working directory. */
export function sourceAccess(terminal: Terminal): SourceAccess {
  const cache = terminal.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return {
    cwd: terminal.cwd,
    clones: join(cache, 'capstan', 'clones'),
    open: (folder) => openHere({ ...terminal, cwd: folder }),
  };
}

export function importedText(imported: readonly Imported[], isJson: boolean): string {
  if (isJson) return JSON.stringify({ schema: 'capstan/imported.v1', imported });
  return imported
    .map(({ path, file, content, isChanged }) => {
      if (!isChanged) return `${path} is as its source is`;
      return content ? `${path} is tracked by ${file}` : `${file} says where ${path} is from; nothing was downloaded`;
    })
    .join('\n');
}
