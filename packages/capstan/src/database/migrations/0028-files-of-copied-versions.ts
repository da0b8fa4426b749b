import type { Migration } from './migration.ts';

/** A copy of a version whose files Capstan does not hold knows where they are when that version is gone. */
export const filesOfCopiedVersions: Migration = {
  name: '0028-files-of-copied-versions',
  async up(db) {
    await db.schema.alterTable('model_versions').addColumn('files_uri', 'text').execute();
  },
};
