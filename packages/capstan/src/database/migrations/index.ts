import { foundation } from './0001-foundation.ts';
import type { Migration } from './migration.ts';

/** Every step in order. A step that has been released is never changed. */
export const migrations: readonly Migration[] = [foundation];
