import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { invalid } from '#kernel/errors';
import { parseArtifactFolder, type ArtifactOwner } from '#model/experiments';
import { findAlias } from '../alias.store.ts';
import { moveAlias } from '../aliases.ts';
import type { RegistryDeps } from '../deps.ts';
import { findModel, insertModel, putModelTags, raiseCounter, setModelFacts, type ModelRow } from '../model.store.ts';
import type { KeyValue, Stage } from '../model.ts';
import { checkAlias, checkDescription, checkModelName, checkTag, checkText } from '../naming.ts';
import * as store from '../version.store.ts';

/** A version as another registry has it. */
export interface ForeignVersion {
  readonly version: number;
  readonly source: string;
  /** Whose files it stands for, and where among them; null where they are nobody's here. */
  readonly files: { readonly owner: ArtifactOwner; readonly path: string } | null;
  readonly runId: string | null;
  readonly loggedModelId: string | null;
  readonly runLink: string | null;
  readonly description: string | null;
  readonly stage: Stage;
  readonly user: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: readonly KeyValue[];
}

export interface ForeignModel {
  readonly name: string;
  readonly description: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: readonly KeyValue[];
  /** Greatest number ever given under the name. */
  readonly lastVersion: number;
  readonly versions: readonly ForeignVersion[];
  readonly aliases: readonly { readonly alias: string; readonly version: number }[];
}

export interface ImportedModel {
  readonly added: number;
  readonly changed: number;
  /** Numbers that are other versions here: those stay as they are. */
  readonly clashes: readonly number[];
}

export interface ImportUseCases {
  /**
   * Stores a registered model with its versions and aliases, numbers and times as they are. One that is here is brought
   * up to date. A number that is another version here (of another source or time) is left alone and told.
   * @throws DomainError INVALID_ARGUMENT for names and texts that none may have; NOT_FOUND for an owner of files
   */
  importModel(input: {
    readonly source: string;
    readonly model: ForeignModel;
    /** Decides only. */
    readonly isDryRun: boolean;
    readonly cause: Cause;
  }): Promise<ImportedModel>;
}

const LONGEST_SOURCE = 2_000;

export function importUseCases(deps: RegistryDeps): ImportUseCases {
  const { database, events, ids, experiments } = deps;

  async function filesOf({ files }: ForeignVersion): Promise<{ root: string; path: string } | null> {
    if (!files) return null;
    const path = parseArtifactFolder(files.path).join('/');
    return { root: await experiments.artifactRootEver(files.owner), path };
  }

  return {
    async importModel({ source, model, isDryRun, cause }) {
      checkModel(model);
      const places = new Map<number, { root: string; path: string } | null>();
      if (!isDryRun) for (const version of model.versions) places.set(version.version, await filesOf(version));
      return await database.write(async (writer) => {
        const known = await findModel(writer, model.name);
        const here = new Map((known ? await store.rowsOf(writer, known.id) : []).map((row) => [row.version, row]));
        const clashes = model.versions.filter((version) => isOther(version, here.get(version.version)));
        const taken = model.versions.filter((version) => !clashes.includes(version));
        const added = taken.filter((version) => !here.has(version.version));
        const outcome = {
          added: added.length,
          changed: taken.length - added.length,
          clashes: clashes.map((version) => version.version),
        };
        if (isDryRun) return outcome;

        const row = known ?? (await makeModel(writer, model));
        if (known) await setModelFacts(writer, row.id, model.description, model.updatedAt);
        await putModelTags(writer, row.id, model.tags);
        for (const version of taken) await putVersion(writer, row, version, places.get(version.version) ?? null);
        await raiseCounter(writer, model.name, Math.max(model.lastVersion, ...taken.map(({ version }) => version), 0));
        const usable = new Set(taken.map(({ version }) => version));
        for (const { alias, version } of model.aliases) {
          if (usable.has(version)) await putAlias(writer, row, { alias, version, source, cause });
        }
        await events.append(writer, cause, {
          type: 'import.recorded',
          subject: `import:${source}`,
          payload: { source, kind: 'registered-model', added: outcome.added, changed: outcome.changed, points: 0 },
        });
        return outcome;
      });
    },
  };

  async function makeModel(writer: Writer, model: ForeignModel): Promise<ModelRow> {
    const row = {
      id: ids.next('rm'),
      name: model.name,
      description: model.description,
      project: null,
      created_at: model.createdAt,
      updated_at: model.updatedAt,
    };
    await insertModel(writer, row);
    return row;
  }

  async function putVersion(
    writer: Writer,
    model: ModelRow,
    version: ForeignVersion,
    files: { root: string; path: string } | null,
  ): Promise<void> {
    const key = { model_id: model.id, version: version.version };
    await store.upsertVersion(writer, {
      ...key,
      source: version.source,
      artifact_root: files?.root ?? null,
      artifact_path: files?.path ?? null,
      files_uri: null,
      run_id: version.runId,
      logged_model_id: version.loggedModelId,
      run_link: version.runLink,
      description: version.description,
      stage: version.stage,
      created_by: version.user,
      created_at: version.createdAt,
      updated_at: version.updatedAt,
    });
    await store.putVersionTags(writer, key, version.tags);
  }

  async function putAlias(
    writer: Writer,
    model: ModelRow,
    { alias, version, source, cause }: { alias: string; version: number; source: string; cause: Cause },
  ): Promise<void> {
    const from = (await findAlias(writer, model.id, alias)) ?? null;
    if (from === version) return;
    const reason = `imported from ${source}`;
    await moveAlias(deps, writer, { model, alias, from, to: version, reason, cause });
  }
}

function checkModel(model: ForeignModel): void {
  checkModelName(model.name);
  checkDescription(model.description ?? '');
  for (const tag of model.tags) checkTag(tag);
  const numbers = new Set<number>();
  for (const version of model.versions) {
    if (numbers.has(version.version)) throw invalid(`Version ${version.version} is given twice`, { field: 'versions' });
    numbers.add(version.version);
    checkDescription(version.description ?? '');
    checkText('source', version.source, LONGEST_SOURCE);
    checkText('user', version.user, 256);
    checkText('runLink', version.runLink ?? '', 2_000);
    for (const tag of version.tags) checkTag(tag);
  }
  for (const { alias } of model.aliases) checkAlias(alias);
}

/** A number is the same version when it comes from the same place and was made at the same time. */
function isOther(version: ForeignVersion, here: { source: string; created_at: number } | undefined): boolean {
  return here !== undefined && (here.source !== version.source || here.created_at !== version.createdAt);
}
