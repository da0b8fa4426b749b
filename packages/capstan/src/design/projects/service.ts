import type { Declaration, DeclarationChange } from '@capstan/api';
import type { Database } from '#database';
import type { Events } from '#events';
import type { Cause } from '#kernel/cause';
import { digestOf } from '#kernel/digest';
import { invalid, notFound } from '#kernel/errors';
import type { Clock } from '#ports/clock';
import { DECLARATION_FILE, readDeclaration, readText } from './declaration.ts';
import { changesBetween, type Project, type ProjectRevision } from './model.ts';
import { resolveFolder } from './project-folder.ts';
import * as store from './store.ts';

export interface ApplyRequest {
  /** Absolute path of the project's folder. */
  readonly folder: string;
  /** Content of `capstan.yaml`; absent: the folder's own file is read. */
  readonly text?: string;
  /** Only says what would change. */
  readonly dryRun: boolean;
  readonly cause: Cause;
}

export interface Applied {
  readonly project: string;
  /** The revision in effect; for a dry run, the one that would be. */
  readonly revision: number;
  readonly isNew: boolean;
  /** Empty when all is so already; then there is no new revision and no fact. */
  readonly changes: readonly DeclarationChange[];
}

export interface Projects {
  /**
   * Makes a declaration so: the project or its next revision, and the fact `project.applied`.
   * @throws DomainError INVALID_ARGUMENT that names file, line and column; nothing has changed then
   */
  apply(request: ApplyRequest): Promise<Applied>;
  /** @throws DomainError NOT_FOUND */
  get(name: string): Promise<Project>;
  list(): Promise<Project[]>;
  /** Newest first. @throws DomainError NOT_FOUND */
  revisions(name: string): Promise<ProjectRevision[]>;
  /** Text of a file inside the project's folder, at most 1 MB. @throws DomainError NOT_FOUND, INVALID_ARGUMENT */
  readText(name: string, path: string): Promise<string>;
}

/** The fact names so many keys at most; the revision has them all. */
const MAX_KEYS_IN_FACT = 200;

export function createProjects(deps: { database: Database; events: Events; clock: Clock }): Projects {
  const { database, events, clock } = deps;

  async function get(name: string): Promise<Project> {
    const project = await store.find(database.read, name);
    if (!project)
      throw notFound('project', name, 'Projects come from `capstan apply`; `GET /api/v1/projects` lists them.');
    return project;
  }

  return {
    async apply({ folder: given, text, dryRun, cause }) {
      const folder = await resolveFolder(given);
      const { declaration, written } = await readDeclaration(
        folder,
        text ?? (await readText(folder, DECLARATION_FILE)),
      );
      const project = declaration.project;
      const outcome = (current: Project | undefined): Applied => {
        const changes = changesBetween(current, { folder, written });
        const revision = (current?.revision ?? 0) + (changes.length > 0 ? 1 : 0);
        return { project, revision, isNew: current === undefined, changes };
      };
      if (dryRun) {
        refuseTaken(declaration, await store.list(database.read));
        return outcome(await store.find(database.read, project));
      }
      return await database.write(async (writer) => {
        refuseTaken(declaration, await store.list(writer));
        // Two that apply at once get a revision each, the second one compared with the first.
        const applied = outcome(await store.find(writer, project));
        if (applied.changes.length === 0) return applied;
        const digest = digestOf(written);
        const { revision, changes } = applied;
        await store.addRevision(writer, {
          project,
          revision,
          folder,
          written,
          digest,
          changes,
          actor: cause.actor,
          at: clock.now(),
        });
        const changed = changes.slice(0, MAX_KEYS_IN_FACT).map((change) => change.path);
        await events.append(writer, cause, {
          type: 'project.applied',
          project,
          subject: `project:${project}`,
          payload: { revision, digest, changed },
        });
        return applied;
      });
    },
    get,
    list: () => store.list(database.read),
    revisions: async (name) => store.revisions(database.read, (await get(name)).name),
    readText: async (name, path) => readText((await get(name)).folder, path),
  };
}

/** A consumer is one project's. @throws DomainError INVALID_ARGUMENT */
function refuseTaken({ project, consumers }: Declaration, projects: readonly Project[]): void {
  for (const name of Object.keys(consumers)) {
    const other = projects.find((each) => each.name !== project && name in each.declaration.consumers);
    if (!other) continue;
    throw invalid(`The project ${other.name} declares the consumer ${name} already`, {
      field: `consumers.${name}`,
      hint: `Name it otherwise, or have ${other.name} list what it may call under deployments.`,
    });
  }
}
