import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { invalid } from '#kernel/errors';
import { gitError } from './git-program.ts';

export interface GitObject {
  readonly id: string;
  readonly type: 'commit' | 'tree' | 'blob' | 'tag';
  readonly bytes: Buffer;
}

/** Objects of a Git repository, all read through one process. */
export interface GitObjects {
  /**
   * @param name an id, or an expression as `main^{commit}`
   * @returns undefined where git knows none
   * @throws DomainError INVALID_ARGUMENT for a name of several; where git is not there or its repository cannot be read
   */
  read(name: string): Promise<GitObject | undefined>;
  close(): Promise<void>;
}

interface Asked {
  resolve(object: GitObject | undefined): void;
  reject(error: Error): void;
}

const NEWLINE = 0x0a;
/** Anything else says that there is none. */
const FOUND = /^([0-9a-f]{40,64}) (commit|tree|blob|tag) (\d+)$/;

/** The process starts with the first question. */
export function openGitObjects(folder: string): GitObjects {
  let reader: BatchReader | undefined;
  return {
    async read(name) {
      // The protocol is a line for each object, and no name of one holds a line end.
      if (name === '' || name.includes('\n')) return undefined;
      reader ??= new BatchReader(folder);
      return await reader.read(name);
    },
    async close() {
      await reader?.close();
      reader = undefined;
    },
  };
}

/** `git cat-file --batch`: questions are answered in their order, so they may be asked without waiting. */
class BatchReader {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #asked: Asked[] = [];
  #received: Buffer[] = [];
  #receivedBytes = 0;
  /** So many bytes must be there before looking again. */
  #neededBytes = 1;
  #said = '';
  #failure: Error | undefined;

  constructor(folder: string) {
    this.#child = spawn('git', ['cat-file', '--batch'], { cwd: folder });
    this.#child.stdout.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#child.stderr.on('data', (chunk: Buffer) => (this.#said += chunk.toString('utf8')));
    this.#child.stdin.on('error', () => undefined);
    this.#child.on('error', (error) => this.#fail(gitError(error, this.#said)));
    this.#child.on('close', (code) => this.#fail(gitError(new Error(`git cat-file ended with ${code}`), this.#said)));
  }

  async read(name: string): Promise<GitObject | undefined> {
    if (this.#failure) throw this.#failure;
    return await new Promise((resolve, reject) => {
      this.#asked.push({ resolve, reject });
      this.#child.stdin.write(`${name}\n`);
    });
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.pid === undefined) return;
    const ended = once(this.#child, 'close');
    this.#child.stdin.end();
    await ended;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const asked of this.#asked.splice(0)) asked.reject(this.#failure);
  }

  #take(chunk: Buffer): void {
    this.#received.push(chunk);
    this.#receivedBytes += chunk.length;
    if (this.#receivedBytes < this.#neededBytes) return;
    let bytes = Buffer.concat(this.#received);
    for (;;) {
      const taken = this.#answer(bytes);
      if (taken === 0) break;
      bytes = bytes.subarray(taken);
    }
    this.#received = [bytes];
    this.#receivedBytes = bytes.length;
  }

  /** Answers the question asked first. Returns the number of bytes that took, 0 while they are not all there. */
  #answer(bytes: Buffer): number {
    this.#neededBytes = bytes.length + 1;
    const end = bytes.indexOf(NEWLINE);
    if (end < 0) return 0;
    const line = bytes.toString('utf8', 0, end);
    const [, id, type, size] = FOUND.exec(line) ?? [];
    if (id === undefined) {
      if (line.endsWith(' ambiguous')) this.#asked.shift()?.reject(ambiguous(line));
      else this.#asked.shift()?.resolve(undefined);
      return end + 1;
    }
    const next = end + 1 + Number(size) + 1;
    if (bytes.length < next) {
      this.#neededBytes = next;
      return 0;
    }
    this.#asked
      .shift()
      ?.resolve({ id, type: type as GitObject['type'], bytes: Buffer.from(bytes.subarray(end + 1, next - 1)) });
    return next;
  }
}

function ambiguous(line: string): Error {
  const name = line.slice(0, line.lastIndexOf(' ')).replace(/\^\{\w+\}$/, '');
  return invalid(`'${name}' may be several revisions`, { field: name, hint: 'Write more of its digits.' });
}
