import { capstanYaml, type DeclarationChange } from '@capstan/api';
import type { Reader, Writer } from '#database';
import type { Project, ProjectRevision } from './model.ts';

function projectRows(reader: Reader) {
  return reader
    .selectFrom('projects')
    .innerJoin('project_revisions', (join) =>
      join
        .onRef('project_revisions.project', '=', 'projects.name')
        .onRef('project_revisions.revision', '=', 'projects.revision'),
    )
    .select([
      'projects.name',
      'projects.folder',
      'projects.revision',
      'projects.created_at',
      'project_revisions.written',
      'project_revisions.applied_at',
    ])
    .orderBy('projects.name');
}

type ProjectRow = Awaited<ReturnType<ReturnType<typeof projectRows>['execute']>>[number];

export async function find(reader: Reader, name: string): Promise<Project | undefined> {
  const row = await projectRows(reader).where('projects.name', '=', name).executeTakeFirst();
  return row && toProject(row);
}

export async function list(reader: Reader): Promise<Project[]> {
  return (await projectRows(reader).execute()).map(toProject);
}

export async function revisions(reader: Reader, project: string): Promise<ProjectRevision[]> {
  const rows = await reader
    .selectFrom('project_revisions')
    .select(['revision', 'applied_at', 'actor', 'changes'])
    .where('project', '=', project)
    .orderBy('revision', 'desc')
    .execute();
  return rows.map((row) => ({
    revision: row.revision,
    appliedAt: row.applied_at,
    actor: row.actor,
    changes: JSON.parse(row.changes) as DeclarationChange[],
  }));
}

export interface NewRevision {
  readonly project: string;
  readonly revision: number;
  readonly folder: string;
  readonly written: Readonly<Record<string, unknown>>;
  readonly digest: string;
  readonly changes: readonly DeclarationChange[];
  readonly actor: string;
  readonly at: number;
}

/** Adds a revision and makes it the one in effect. */
export async function addRevision(writer: Writer, added: NewRevision): Promise<void> {
  const { project, revision, folder, at } = added;
  await writer
    .insertInto('projects')
    .values({ name: project, folder, revision, created_at: at })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ folder, revision }))
    .execute();
  await writer
    .insertInto('project_revisions')
    .values({
      project,
      revision,
      folder,
      written: JSON.stringify(added.written),
      digest: added.digest,
      changes: JSON.stringify(added.changes),
      actor: added.actor,
      applied_at: at,
    })
    .execute();
}

type Declared = Pick<Project, 'written' | 'declaration'>;

/** By their text: a revision never changes, and every tick of the scheduler and every segment asks for them. */
const declared = new Map<string, Declared>();
const MOST_DECLARED = 200;

function declaredAs(text: string): Declared {
  let found = declared.get(text);
  if (!found) {
    const written = JSON.parse(text) as Record<string, unknown>;
    found = { written, declaration: capstanYaml.parse(written) };
    if (declared.size >= MOST_DECLARED) declared.clear();
    declared.set(text, found);
  }
  return found;
}

function toProject(row: ProjectRow): Project {
  const { written, declaration } = declaredAs(row.written);
  return {
    name: row.name,
    folder: row.folder,
    charter: declaration.charter,
    declaration,
    written,
    revision: row.revision,
    createdAt: row.created_at,
    appliedAt: row.applied_at,
  };
}
