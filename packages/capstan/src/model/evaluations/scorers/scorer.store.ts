import { sql, type Selectable } from 'kysely';
import type { Database, Reader, Schema, Writer } from '#database';
import type { ScorerVersion } from '../model.ts';

export type ScorerRow = Selectable<Schema['scorers']>;

export async function findScorer(reader: Reader, experiment: number, name: string): Promise<ScorerRow | undefined> {
  return await reader
    .selectFrom('scorers')
    .selectAll()
    .where('experiment_id', '=', experiment)
    .where('name', '=', name)
    .executeTakeFirst();
}

export async function hasScorer(reader: Reader, id: string): Promise<boolean> {
  return (await reader.selectFrom('scorers').select('id').where('id', '=', id).executeTakeFirst()) !== undefined;
}

export async function insertScorer(writer: Writer, row: ScorerRow): Promise<void> {
  await writer.insertInto('scorers').values(row).execute();
}

export async function insertVersion(writer: Writer, version: ScorerVersion): Promise<void> {
  await writer
    .insertInto('scorer_versions')
    .values({
      scorer_id: version.scorerId,
      version: version.version,
      serialized: version.serialized,
      created_at: version.createdAt,
    })
    .execute();
}

/** The greatest number that the scorer was ever given. */
export async function setLastVersion(writer: Writer, scorer: string, version: number): Promise<void> {
  await writer.updateTable('scorers').set({ last_version: version }).where('id', '=', scorer).execute();
}

interface VersionRow {
  readonly experiment_id: number;
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly serialized: string;
  readonly created_at: number;
}

/** Versions of a scorer, the first one first. */
export async function versionsOf(reader: Reader, scorer: string): Promise<ScorerVersion[]> {
  const { rows } = await sql<VersionRow>`
    select s.experiment_id, s.id, s.name, v.version, v.serialized, v.created_at
      from scorers s join scorer_versions v on v.scorer_id = s.id
     where s.id = ${scorer} order by v.version`.execute(reader);
  return rows.map(toVersion);
}

/** The newest version of each scorer of the active ones of these experiments, or of all; by experiment and name. */
export async function newestVersions(
  database: Database,
  experiments: readonly number[] | undefined,
): Promise<ScorerVersion[]> {
  const ofThem = experiments && sql`and ${database.dialect.isOneOf(sql`s.experiment_id`, experiments)}`;
  const { rows } = await sql<VersionRow>`
    select s.experiment_id, s.id, s.name, v.version, v.serialized, v.created_at
      from scorers s join scorer_versions v on v.scorer_id = s.id join experiments e on e.id = s.experiment_id
     where e.lifecycle = 'active' ${ofThem ?? sql``}
       and v.version = (select max(w.version) from scorer_versions w where w.scorer_id = s.id)
     order by s.experiment_id, s.name`.execute(database.read);
  return rows.map(toVersion);
}

/** One version, or all; the scorer itself stays, since it knows which numbers were given. Returns those that there were. */
export async function deleteVersions(writer: Writer, scorer: string, version: number | undefined): Promise<number[]> {
  const all = writer.deleteFrom('scorer_versions').where('scorer_id', '=', scorer);
  const some = version === undefined ? all : all.where('version', '=', version);
  const removed = await some.returning('version').execute();
  return removed.map((row) => row.version).toSorted((a, b) => a - b);
}

/** All of an experiment. Returns how many rows there were. */
export async function removeScorersOfExperiment(writer: Writer, experiment: number): Promise<number> {
  const ofThem = writer.selectFrom('scorers').select('id').where('experiment_id', '=', experiment);
  const versions = await writer.deleteFrom('scorer_versions').where('scorer_id', 'in', ofThem).executeTakeFirst();
  const scorers = await writer.deleteFrom('scorers').where('experiment_id', '=', experiment).executeTakeFirst();
  return Number(versions.numDeletedRows + scorers.numDeletedRows);
}

function toVersion(row: VersionRow): ScorerVersion {
  return {
    experimentId: String(row.experiment_id),
    scorerId: row.id,
    name: row.name,
    version: Number(row.version),
    serialized: row.serialized,
    createdAt: Number(row.created_at),
  };
}
