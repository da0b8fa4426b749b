import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { conflict } from '#kernel/errors';
import * as store from './artifact.store.ts';
import type { ArtifactOwner } from './artifacts.ts';
import type { ExperimentsDeps } from '../deps.ts';
import { findExperiment } from '../experiment.store.ts';
import { findLoggedModel, updateLoggedModel } from '../logged-models/logged-model.store.ts';
import type { ArtifactFile } from '../model.ts';
import { projectOf } from '../project-of.ts';
import { noLoggedModel, noRun, refuseInactiveExperiment, refuseInactiveRun } from '../refusals.ts';
import { findRun, touchRun } from '../run.store.ts';

/** What every way of storing a file shares: whose it is, whether it may be written, and the fact that it was. */
export function artifactWriting({ database, events, clock }: Pick<ExperimentsDeps, 'database' | 'events' | 'clock'>) {
  async function rootOf(owner: ArtifactOwner): Promise<string> {
    if (owner.kind === 'run') {
      const run = await findRun(database.read, owner.id);
      if (!run) throw noRun(owner.id);
      return run.artifactRoot;
    }
    const model = await findLoggedModel(database.read, owner.id);
    if (!model || model.lifecycle === 'deleted') throw noLoggedModel(owner.id);
    return model.artifact_root;
  }

  /** The owner's root and project, when it may still be written to. */
  async function openForWriting(writer: Writer, owner: ArtifactOwner) {
    if (owner.kind === 'run') {
      const run = await findRun(writer, owner.id);
      const experiment = run && (await findExperiment(writer, Number(run.experimentId)));
      if (!experiment) throw noRun(owner.id);
      refuseInactiveRun(owner.id, run.lifecycle);
      return {
        root: run.artifactRoot,
        project: projectOf(experiment.name),
        touch: () => touchRun(writer, run.key, clock.now()),
      };
    }
    const model = await findLoggedModel(writer, owner.id);
    const experiment = model && (await findExperiment(writer, model.experiment_id));
    if (!experiment || model.lifecycle === 'deleted') throw noLoggedModel(owner.id);
    refuseInactiveExperiment(experiment);
    return {
      root: model.artifact_root,
      project: projectOf(experiment.name),
      touch: () => updateLoggedModel(writer, owner.id, {}, clock.now()),
    };
  }

  /** Notes which bytes lie under the path, and what `andAlso` does, in one transaction. */
  async function record(
    owner: ArtifactOwner,
    file: ArtifactFile,
    cause: Cause,
    andAlso: (writer: Writer) => Promise<void> = async () => {},
  ): Promise<void> {
    await database.write(async (writer) => {
      await andAlso(writer);
      const { root, project, touch } = await openForWriting(writer, owner);
      await refuseFolderClash(writer, root, file.path);
      if (!(await store.putFile(writer, root, file, clock.now()))) return;
      await touch();
      const about = { ...project, subject: `${owner.kind}:${owner.id}` };
      if (owner.kind === 'run') {
        const payload = { metrics: 0, params: 0, tags: 0, datasets: 0, models: 0, artifacts: 1 };
        await events.append(writer, cause, { type: 'run.logged', ...about, payload });
      } else {
        await events.append(writer, cause, {
          type: 'logged-model.logged',
          ...about,
          payload: { params: 0, tags: 0, artifacts: 1 },
        });
      }
    });
  }

  return { rootOf, openForWriting, record };
}

/** A name is a file or a folder, never both: files are written to disk by those who download them. */
export async function refuseFolderClash(writer: Writer, root: string, path: string): Promise<void> {
  if (await store.hasFilesUnder(writer, root, path)) {
    throw conflict(`There is a folder at '${path}'`, { field: 'path' });
  }
  const segments = path.split('/');
  for (let depth = 1; depth < segments.length; depth++) {
    const parent = segments.slice(0, depth).join('/');
    if (await store.findFile(writer, root, parent))
      throw conflict(`'${parent}' is a file, not a folder`, { field: 'path' });
  }
}
