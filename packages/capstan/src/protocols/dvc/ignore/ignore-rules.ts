import { compilePattern, type IgnorePattern } from './ignore-pattern.ts';

export const IGNORE_FILE = '.dvcignore';
const DEFAULTS = ['.hg/', '.git/', '.git', '.dvc/'];

/** Which files and folders DVC does not see. */
export interface IgnoreRules {
  /**
   * Whether a path, or a folder on the way to it, is left out.
   * @param path relative to the root of the repository, with `/`; empty for the root, which is never left out
   */
  isIgnored(path: string, isFolder: boolean): boolean;
  /**
   * The rules for what lies in a folder: these and those of the folder's own `.dvcignore`.
   * @param text of that file; undefined when there is none
   */
  inFolder(folder: string, text: string | undefined): IgnoreRules;
}

/** What DVC leaves out everywhere: its own folder and those of Git and Mercurial. */
export function rootIgnoreRules(): IgnoreRules {
  return new PatternRules(DEFAULTS.flatMap((line) => compilePattern(line) ?? []));
}

class PatternRules implements IgnoreRules {
  readonly #patterns: readonly IgnorePattern[];
  /** The folder asked about last that is not left out: a walk asks for all its members in a row. */
  #seenFolder = '';

  constructor(patterns: readonly IgnorePattern[]) {
    this.#patterns = patterns;
  }

  isIgnored(path: string, isFolder: boolean): boolean {
    if (path === '') return false;
    // The defaults begin with a dot, and most paths have none at the start of a name.
    if (this.#patterns.length === DEFAULTS.length && !path.startsWith('.') && !path.includes('/.')) return false;
    const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    if (folder !== this.#seenFolder) {
      for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
        if (this.#isMatched(path.slice(0, end), true)) return true;
      }
      this.#seenFolder = folder;
    }
    return this.#isMatched(path, isFolder);
  }

  inFolder(folder: string, text: string | undefined): IgnoreRules {
    if (text === undefined) return this;
    const file = folder === '' ? IGNORE_FILE : `${folder}/${IGNORE_FILE}`;
    if (this.isIgnored(file, false)) return this;
    const patterns = linesOf(text).flatMap((line) => compilePattern(fromRoot(line, folder)) ?? []);
    return patterns.length === 0 ? this : new PatternRules([...this.#patterns, ...patterns]);
  }

  /** The last pattern that matches decides. */
  #isMatched(path: string, isFolder: boolean): boolean {
    const written = isFolder ? `${path}/` : path;
    for (let index = this.#patterns.length - 1; index >= 0; index--) {
      const pattern = this.#patterns[index];
      if (!pattern || (pattern.isFolderOnly && !isFolder)) continue;
      if (pattern.matches(written)) return !pattern.isNegated;
    }
    return false;
  }
}

/** Lines stripped at both ends as Python does it: a space that was escaped at the end is lost, as in DVC. */
function linesOf(text: string): string[] {
  return text
    .split(/\r\n|[\n\r]/)
    .map((line) => line.replace(/^[^\S\ufeff]+/, '').replace(/[^\S\ufeff]+$/, ''))
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/**
 * A pattern of a folder's file as one of the root, rewritten in the way of DVC: a slash other than the last one ties it
 * to the folder, a backslash at its start is dropped, the folder's name is taken as part of the pattern.
 */
function fromRoot(line: string, folder: string): string {
  if (folder === '') return line;
  const isNegated = line.startsWith('!');
  const body = isNegated ? line.slice(1) : line;
  const isTied = body.slice(0, -1).includes('/') && !body.startsWith('**/');
  const plain = body.replace(isTied ? /^\// : /^\*\*\//, '').replace(/^\\/, '');
  return `${isNegated ? '!' : ''}/${folder}${isTied ? '/' : '/**/'}${plain}`;
}
