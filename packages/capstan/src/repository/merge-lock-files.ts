import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { mergeLocks } from '#protocols/dvc';
import { writeWhole } from './data/git.ts';

/**
 * What Git asks of a merge driver: the merge of three versions of a dvc.lock, in place of the second.
 * @param path of the file in the checkout, for messages
 * @returns stages that have no entry now, since both sides ran them, each otherwise
 * @throws DomainError as `mergeLocks`; no file has changed then
 */
export function mergeLockFiles(
  files: { readonly base: string; readonly ours: string; readonly theirs: string },
  path = basename(files.ours),
): readonly string[] {
  const base = readFileSync(files.base, 'utf8');
  const { text, leftOut } = mergeLocks(
    {
      base: base.trim() === '' ? undefined : base,
      ours: readFileSync(files.ours, 'utf8'),
      theirs: readFileSync(files.theirs, 'utf8'),
    },
    path,
  );
  writeWhole(files.ours, text);
  return leftOut;
}
