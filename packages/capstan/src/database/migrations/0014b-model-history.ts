import { sql, type Kysely } from 'kysely';
import type { Migration } from './migration.ts';

/** One history of everything in the registry, in place of one of the aliases; what happened before is in the chain of facts. */
export const modelHistory: Migration = {
  name: '0014b-model-history',
  async up(db, { integer }) {
    await db.schema
      .createTable('model_history')
      .addColumn('seq', integer, (column) => column.primaryKey())
      .addColumn('model_id', 'text', (column) => column.notNull())
      .addColumn('model', 'text', (column) => column.notNull())
      .addColumn('version', integer)
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('key', 'text', (column) => column.notNull())
      .addColumn('from_value', 'text')
      .addColumn('to_value', 'text')
      .addColumn('actor', 'text', (column) => column.notNull())
      .addColumn('reason', 'text')
      .addColumn('verdict_id', 'text')
      .addColumn('at', integer, (column) => column.notNull())
      .addColumn('event_seq', integer, (column) => column.notNull())
      .execute();
    for (const [name, columns] of [
      ['model_history_of_model', ['model_id', 'seq']],
      ['model_history_of_name', ['model', 'seq']],
      ['model_history_of_event', ['event_seq']],
    ] as const) {
      await db.schema
        .createIndex(name)
        .on('model_history')
        .columns([...columns])
        .execute();
    }
    await rebuild(db);
    await db.schema.dropTable('model_alias_moves').execute();
  },
};

interface OldFact {
  readonly seq: number;
  readonly type: string;
  readonly actor: string;
  readonly at: number;
  readonly payload: string;
}

interface OldChange {
  readonly kind: string;
  readonly version?: number;
  readonly key?: string;
  readonly from?: string;
  readonly to?: string;
}

/** Facts of old tell which tags and descriptions changed and who did it, not to what. */
interface OldPayload {
  readonly model: string;
  readonly version: number;
  readonly versions: readonly number[];
  readonly source: string;
  readonly stage?: string;
  readonly tags?: readonly string[];
  readonly alias: string;
  readonly from?: string | number;
  readonly to?: string | number;
  readonly reason?: string;
  readonly verdictId?: string;
}

async function rebuild(db: Kysely<unknown>): Promise<void> {
  const { rows: facts } = await sql<OldFact>`
    select seq, type, actor, at, payload from events
     where type like 'registered-model.%' or type like 'model-alias.%'
        or type in ('model-version.created', 'model-version.updated', 'model-version.deleted')
     order by seq`.execute(db);
  const { rows: models } = await sql<{ id: string; name: string }>`select id, name from registered_models`.execute(db);
  const owners = ownersOf(facts, new Map(models.map(({ id, name }) => [name, id])));
  let seq = 0;
  for (const fact of facts) {
    const payload = JSON.parse(fact.payload) as OldPayload;
    const model = fact.type === 'registered-model.renamed' ? String(payload.from) : payload.model;
    for (const change of changesOf(fact.type, payload)) {
      seq += 1;
      await sql`
        insert into model_history (seq, model_id, model, version, kind, key, from_value, to_value, actor, reason,
                                   verdict_id, at, event_seq)
        values (${seq}, ${owners.get(Number(fact.seq)) ?? `gone:${model}`}, ${model}, ${change.version ?? null},
                ${change.kind}, ${change.key ?? ''}, ${change.from ?? null}, ${change.to ?? null}, ${fact.actor},
                ${payload.reason ?? null}, ${payload.verdictId ?? null}, ${fact.at}, ${fact.seq})`.execute(db);
    }
  }
}

/** The model of each fact: read backwards from the names of today, since a rename keeps the id and a deletion ends it. */
function ownersOf(facts: readonly OldFact[], names: Map<string, string>): ReadonlyMap<number, string> {
  const owners = new Map<number, string>();
  for (const { seq, type, payload } of facts.toReversed()) {
    const { model, from, to } = JSON.parse(payload) as OldPayload;
    if (type === 'registered-model.deleted') names.set(model, `gone:${seq}`);
    const name = type === 'registered-model.renamed' ? String(to) : model;
    owners.set(Number(seq), names.get(name) ?? `gone:${name}`);
    if (type === 'registered-model.renamed') {
      names.set(String(from), names.get(name) ?? `gone:${name}`);
      names.delete(name);
    }
    if (type === 'registered-model.created') names.delete(model);
  }
  return owners;
}

function changesOf(type: string, payload: OldPayload): OldChange[] {
  const { model, version, alias, from, to, tags, stage } = payload;
  const texts = { ...(from !== undefined && { from: String(from) }), ...(to !== undefined && { to: String(to) }) };
  switch (type) {
    case 'registered-model.created':
      return [{ kind: 'model.created', to: model }];
    case 'registered-model.renamed':
      return [{ kind: 'model.renamed', ...texts }];
    case 'registered-model.deleted':
      return [{ kind: 'model.deleted', from: model }];
    case 'model-version.created':
      return [{ kind: 'version.created', version, to: payload.source }];
    case 'model-version.deleted':
      return [{ kind: 'version.deleted', version }];
    case 'model-alias.set':
      return [{ kind: 'alias.set', version: Number(to), key: alias, ...texts }];
    case 'model-alias.removed':
      return [{ kind: 'alias.removed', version: Number(from), key: alias, ...texts }];
    default: {
      const about = version === undefined ? {} : { version };
      if (stage !== undefined) return [{ kind: 'stage.set', ...about, to: stage }];
      if (tags === undefined) return [{ kind: 'description.set', ...about }];
      return tags.map((key) => ({ kind: 'tag.set', ...about, key }));
    }
  }
}
