// Where MLflow says that files lie, and whose they are. Pure.
import type { SourceVersion } from '#ports/tracking-source';

const MODEL_FILES = /(?:^|\/)models\/(m-[0-9a-zA-Z]+)\/artifacts(?:\/(.*))?$/;
const RUN_FILES = /(?:^|\/)([0-9a-zA-Z][\w-]{0,63})\/artifacts(?:\/(.*))?$/;

/**
 * The run or logged model whose files the URI of a model version names, and where inside. Null for a place that is no
 * run's: then the version stands for files that only the URI knows.
 */
export function filesOfSource(
  uri: string,
  version: { readonly runId: string | null; readonly loggedModelId: string | null },
): SourceVersion['files'] {
  const inModel = /^models:\/(m-[0-9a-zA-Z]+)(?:\/(.*))?$/.exec(uri) ?? MODEL_FILES.exec(uri);
  if (inModel?.[1] !== undefined) return { owner: 'logged-model', id: inModel[1], path: trimmed(inModel[2]) };
  const inRun = /^runs:\/([0-9a-zA-Z][\w-]*)(?:\/(.*))?$/.exec(uri);
  if (inRun?.[1] !== undefined) return { owner: 'run', id: inRun[1], path: trimmed(inRun[2]) };
  const stored = RUN_FILES.exec(uri);
  if (stored?.[1] !== undefined && (version.runId === null || stored[1] === version.runId))
    return { owner: 'run', id: stored[1], path: trimmed(stored[2]) };
  return null;
}

/** The logged model that a version was made from. */
export function loggedModelOfSource(uri: string): string | null {
  return /^models:\/(m-[0-9a-zA-Z]+)/.exec(uri)?.[1] ?? MODEL_FILES.exec(uri)?.[1] ?? null;
}

const stages = ['None', 'Staging', 'Production', 'Archived'] as const;

/** MLflow's spelling of a stage; `None` for one that it no longer has. */
export function stageOf(text: string | null | undefined): (typeof stages)[number] {
  return stages.find((stage) => stage.toLowerCase() === text?.toLowerCase()) ?? 'None';
}

/** Name of a version that was deleted and whose row MLflow keeps. */
export const DELETED_STAGE = 'Deleted_Internal';

const runStatuses = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'] as const;

/** By name, or by the number that the files of MLflow use. */
export function runStatusOf(status: string | number | null): (typeof runStatuses)[number] {
  if (typeof status === 'number') return runStatuses[status - 1] ?? 'RUNNING';
  return runStatuses.find((known) => known === status) ?? 'RUNNING';
}

const modelStatuses = ['LOGGED_MODEL_PENDING', 'LOGGED_MODEL_READY', 'LOGGED_MODEL_UPLOAD_FAILED'] as const;

export function modelStatusOf(status: string | number | null): (typeof modelStatuses)[number] {
  if (typeof status === 'number') return modelStatuses[status - 1] ?? 'LOGGED_MODEL_PENDING';
  return modelStatuses.find((known) => known === status) ?? 'LOGGED_MODEL_PENDING';
}

export function lifecycleOf(stage: string | null | undefined): 'active' | 'deleted' {
  return stage === 'deleted' ? 'deleted' : 'active';
}

function trimmed(path: string | undefined): string {
  return (path ?? '').replace(/\/+$/, '');
}
