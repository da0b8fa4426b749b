import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '#kernel/errors';

/**
 * Patterns of `.dvcignore` change the hashes of folders. Until they are followed, a file that has some is refused; the
 * one that `dvc init` makes holds comments only.
 * @throws DomainError NOT_IMPLEMENTED naming the line
 */
export async function refuseIgnorePatterns(folder: string): Promise<void> {
  const file = join(folder, '.dvcignore');
  if (!existsSync(file)) return;
  const lines = (await readFile(file, 'utf8')).split('\n');
  const index = lines.findIndex((line) => line.trim() !== '' && !line.trim().startsWith('#'));
  if (index < 0) return;
  throw new DomainError('NOT_IMPLEMENTED', `.dvcignore:${index + 1}: patterns are not followed yet`, {
    field: `.dvcignore:${index + 1}`,
    hint: 'Take the pattern out, or keep such files out of the folders that stages name.',
  });
}
