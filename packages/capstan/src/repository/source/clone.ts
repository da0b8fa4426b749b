import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DomainError } from '#kernel/errors';
import { runGit } from '../revisions/git-program.ts';

/**
 * A copy of a Git repository without files, kept in a folder for the next time and brought up to date.
 * @returns its folder, absolute
 * @throws DomainError UNAVAILABLE with what git said
 */
export async function cloneOf(url: string, folder: string): Promise<string> {
  const clone = join(folder, createHash('sha256').update(url).digest('hex').slice(0, 32));
  try {
    if (existsSync(clone)) {
      await runGit(clone, ['fetch', '--quiet', '--force', '--prune', '--tags', 'origin']);
      await runGit(clone, ['remote', 'set-head', 'origin', '--auto']);
      return clone;
    }
    const temporary = `${clone}.${process.pid}.tmp`;
    mkdirSync(dirname(clone), { recursive: true });
    try {
      await runGit(dirname(clone), ['clone', '--quiet', '--no-checkout', '--', url, temporary]);
      renameSync(temporary, clone);
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
    return clone;
  } catch (cause) {
    if (!(cause instanceof DomainError) || cause.code !== 'INVALID_ARGUMENT') throw cause;
    throw new DomainError('UNAVAILABLE', `The repository ${url} cannot be read: ${cause.message}`, {
      field: url,
      hint: 'Check the address, and that git clone gets it without asking for a password.',
      cause,
    });
  }
}
