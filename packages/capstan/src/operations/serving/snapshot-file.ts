import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Logger } from 'pino';
import { snapshot as snapshotSchema, type Snapshot } from '@capstan/api';
import { messageOf } from '#kernel/errors';

/** Keeps the snapshot for a start without the control plane; the file is whole at any time. */
export function storeSnapshot(file: string, snapshot: Snapshot): void {
  writeFileSync(`${file}.part`, JSON.stringify(snapshot), { mode: 0o600 });
  renameSync(`${file}.part`, file);
}

/** The snapshot as stored last; undefined when there is none that this version can read. */
export function readSnapshot(file: string, log: Logger): Snapshot | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return snapshotSchema.parse(JSON.parse(text));
  } catch (error) {
    log.warn(`the stored snapshot is not used: ${messageOf(error)}`);
    return undefined;
  }
}
