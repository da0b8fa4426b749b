import { sql } from 'kysely';
import { expect, test } from 'vitest';
import type { Database } from '../database.ts';
import { migrate } from '../migrate.ts';
import { describeDatabases } from '../testing.ts';

/** The database as it was before the step, with these facts. */
async function before(database: Database, facts: readonly [type: string, payload: object][]): Promise<void> {
  await database.write(async (writer) => {
    await writer.schema.dropTable('model_history').execute();
    await writer.schema.createTable('model_alias_moves').addColumn('model_id', 'text').execute();
    await writer.deleteFrom('migrations').where('name', '=', '0014b-model-history').execute();
    await sql`insert into registered_models (id, name, created_at, updated_at)
              values ('rm_1', 'new', 1, 1), ('rm_2', 'old', 1, 1)`.execute(writer);
    for (const [index, [type, payload]] of facts.entries()) {
      const seq = index + 1;
      await writer
        .insertInto('events')
        .values({
          seq,
          id: `ev_${seq}`,
          type,
          project: null,
          subject: 's',
          actor: 'ann',
          at: seq * 10,
          causation_seq: null,
          cycle: null,
          payload: JSON.stringify(payload),
          prev_hash: '',
          hash: `h${seq}`,
        })
        .execute();
    }
  });
}

describeDatabases('history from before', (open) => {
  test('is rebuilt from the chain: each change with its model, through renames and deletions', async () => {
    const database = await open();
    await before(database, [
      ['registered-model.created', { model: 'old' }],
      ['model-version.created', { model: 'old', version: 1, source: 's3://b/x' }],
      ['model-alias.set', { model: 'old', alias: 'champion', to: 1, reason: 'first', verdictId: 'vd_1' }],
      ['clock.advanced', { from: 0, to: 1 }],
      ['registered-model.renamed', { from: 'old', to: 'new' }],
      ['model-version.updated', { model: 'new', version: 1, stage: 'Staging' }],
      ['model-version.updated', { model: 'new', version: 1, tags: ['a', 'b'] }],
      ['registered-model.created', { model: 'old' }],
      ['registered-model.updated', { model: 'old' }],
      ['registered-model.deleted', { model: 'old', versions: [] }],
      ['registered-model.created', { model: 'old' }],
      ['model-alias.removed', { model: 'new', alias: 'champion', from: 1 }],
    ]);
    expect(await migrate(database)).toEqual(['0014b-model-history']);
    const rows = await database.read.selectFrom('model_history').selectAll().orderBy('seq').execute();
    expect(
      rows.map((row) => [
        row.event_seq,
        row.model_id,
        row.model,
        row.kind,
        row.version,
        row.key,
        row.from_value,
        row.to_value,
      ]),
    ).toEqual([
      [1, 'rm_1', 'old', 'model.created', null, '', null, 'old'],
      [2, 'rm_1', 'old', 'version.created', 1, '', null, 's3://b/x'],
      [3, 'rm_1', 'old', 'alias.set', 1, 'champion', null, '1'],
      [5, 'rm_1', 'old', 'model.renamed', null, '', 'old', 'new'],
      [6, 'rm_1', 'new', 'stage.set', 1, '', null, 'Staging'],
      [7, 'rm_1', 'new', 'tag.set', 1, 'a', null, null],
      [7, 'rm_1', 'new', 'tag.set', 1, 'b', null, null],
      [8, 'gone:10', 'old', 'model.created', null, '', null, 'old'],
      [9, 'gone:10', 'old', 'description.set', null, '', null, null],
      [10, 'gone:10', 'old', 'model.deleted', null, '', 'old', null],
      [11, 'rm_2', 'old', 'model.created', null, '', null, 'old'],
      [12, 'rm_1', 'new', 'alias.removed', 1, 'champion', '1', null],
    ]);
    expect(rows[2]).toMatchObject({ actor: 'ann', at: 30, reason: 'first', verdict_id: 'vd_1' });
    expect(await database.dialect.dumpSchema(database.read)).not.toContain('model_alias_moves');
  });
});
