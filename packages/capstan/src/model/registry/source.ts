// What the source of a model version may be, and which files it stands for.
import { DomainError, invalid } from '#kernel/errors';
import { parseArtifactPath, parseArtifactUri, type Experiments } from '#model/experiments';
import { orNone } from './deps.ts';
import { isPromptTag, type KeyValue, type ModelVersion } from './model.ts';

/** The place in Capstan that a source stands for, and whose it is. */
export interface ResolvedSource {
  /** As it is kept: that of a copy names the version it was made from, not an alias that moves. */
  readonly source: string;
  /** Null where Capstan does not hold the files. */
  readonly files: { readonly root: string; readonly path: string } | null;
  /** Where the files of a copied version are, when Capstan does not hold them. */
  readonly filesUri?: string;
  readonly runId: string | null;
  readonly loggedModelId: string | null;
}

export interface SourceClaim {
  readonly source: string;
  readonly runId?: string | undefined;
  readonly loggedModelId?: string | undefined;
  readonly tags: readonly KeyValue[];
}

export interface SourceDeps {
  readonly experiments: Experiments;
  /** `VERSION` or `@ALIAS` of a registered model. @throws DomainError NOT_FOUND */
  findVersion(model: string, versionOrAlias: string): Promise<ModelVersion>;
}

/** Object stores that clients reach by themselves: this server never opens them. */
const REMOTE_SCHEMES = new Set(['s3', 'gs', 'wasbs', 'abfss', 'dbfs']);
/** What clients send for a prompt's version. */
const PROMPT_SOURCES = new Set(['dummy-source', 'prompt-template']);
const LONGEST_SOURCE = 2_000;

/**
 * Checks that the client may name this source and finds its files. Files must be those of the run or logged model that
 * is named beside it, since whoever may read a version may read its files.
 * @throws DomainError INVALID_ARGUMENT; NOT_FOUND for a run, model or version that does not exist
 */
export async function resolveSource(deps: SourceDeps, claim: SourceClaim): Promise<ResolvedSource> {
  const { source } = claim;
  if (source.length > LONGEST_SOURCE) throw refusal(source, `it is longer than ${LONGEST_SOURCE} characters`);
  const own = { source, runId: claim.runId ?? null, loggedModelId: claim.loggedModelId ?? null };
  if (claim.tags.some(isPromptTag)) {
    if (PROMPT_SOURCES.has(source)) return { files: null, ...own };
    throw refusal(source, `a prompt has no files: its source is ${[...PROMPT_SOURCES].join(' or ')}`);
  }
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(source)?.[1]?.toLowerCase();
  if (scheme === undefined) throw localRefusal(source);
  refuseTricks(source, REMOTE_SCHEMES.has(scheme));
  if (scheme === 'models') return await resolveModel(deps, claim);
  if (scheme === 'runs') return await resolveRun(deps, claim);
  if (scheme === 'mlflow-artifacts') return await resolveArtifacts(deps, claim);
  if (REMOTE_SCHEMES.has(scheme)) {
    if (claim.loggedModelId === undefined) return { files: null, ...own };
    const model = await deps.experiments.getLoggedModel(claim.loggedModelId);
    return { files: null, ...own, runId: own.runId ?? model.sourceRunId };
  }
  if (scheme === 'file') throw localRefusal(source);
  throw refusal(source, `'${scheme}:' addresses a host other than the tracking server, or a path of some machine`);
}

/** `models:/m-ID/PATH`, or `models:/NAME/VERSION` and `models:/NAME@ALIAS` as a copy. */
async function resolveModel(deps: SourceDeps, claim: SourceClaim): Promise<ResolvedSource> {
  const [first = '', ...rest] = segmentsOf(claim.source, 'models:/');
  if (/^m-[0-9a-f]{32}$/.test(first)) {
    if (claim.loggedModelId !== first) throw refusal(claim.source, `the model_id beside it must be '${first}'`);
    const model = await deps.experiments.getLoggedModel(first);
    const files = { root: model.artifactRoot, path: rest.join('/') };
    return { source: claim.source, files, runId: claim.runId ?? model.sourceRunId, loggedModelId: model.id };
  }
  const mark = first.lastIndexOf('@');
  const [name, version] = mark > 0 ? [first.slice(0, mark), first.slice(mark)] : [first, rest.shift() ?? ''];
  if (rest.length > 0 || version === '')
    throw refusal(claim.source, 'a registered model is written models:/NAME/VERSION or models:/NAME@ALIAS');
  const copied = await deps.findVersion(name, version);
  if (copied.tags.some(isPromptTag)) throw refusal(claim.source, 'it is a prompt');
  if (
    (claim.runId ?? copied.runId) !== copied.runId ||
    (claim.loggedModelId ?? copied.loggedModelId) !== copied.loggedModelId
  )
    throw refusal(claim.source, 'the run_id and model_id beside it must be those of the version it names');
  return {
    source: `models:/${copied.model}/${copied.version}`,
    files: copied.files,
    ...(!copied.files && { filesUri: copied.filesUri ?? copied.source }),
    runId: copied.runId,
    loggedModelId: copied.loggedModelId,
  };
}

/**
 * `runs:/RUN/PATH`: a folder of the run, or a model of that name that the run logged. A run that is not of this server is
 * taken, too: no file of this server is behind it.
 */
async function resolveRun(deps: SourceDeps, claim: SourceClaim): Promise<ResolvedSource> {
  const { source } = claim;
  const [runId = '', ...rest] = segmentsOf(source, 'runs:/');
  if (claim.runId === undefined) throw refusal(source, 'a runs:/ source needs the run_id beside it');
  if (claim.runId !== runId) throw refusal(source, `it names another run than run_id '${claim.runId}'`);
  const loggedModelId = claim.loggedModelId ?? null;
  const run = await orNone(deps.experiments.getRun(runId));
  if (!run) return { source, files: null, runId, loggedModelId };
  const path = rest.join('/');
  const ownFiles = await deps.experiments.artifactFiles(run.artifactRoot, path);
  if (ownFiles.length > 0) return { source, files: { root: run.artifactRoot, path }, runId, loggedModelId };
  for (const { modelId } of run.modelOutputs.toReversed()) {
    const model = await orNone(deps.experiments.getLoggedModel(modelId));
    if (model?.name === path) {
      return { source, files: { root: model.artifactRoot, path: '' }, runId, loggedModelId: model.id };
    }
  }
  return { source, files: { root: run.artifactRoot, path }, runId, loggedModelId };
}

/** `mlflow-artifacts:/…` inside the root of the run or logged model named beside it. */
async function resolveArtifacts(deps: SourceDeps, claim: SourceClaim): Promise<ResolvedSource> {
  const { source } = claim;
  const segments = parseArtifactUri(source) ?? [];
  const place = await orNone(deps.experiments.locateArtifact(segments.join('/')));
  if (!place) throw refusal(source, 'it lies under no run and no logged model');
  const isOwn = place.owner.kind === 'run' ? place.owner.id === claim.runId : place.owner.id === claim.loggedModelId;
  if (place.owner.kind === 'logged-model' && claim.loggedModelId === undefined) {
    // Older calls name the run that logged the model.
    const model = await deps.experiments.getLoggedModel(place.owner.id);
    if (claim.runId !== undefined && model.sourceRunId === claim.runId) {
      return { source, files: { root: place.root, path: place.path }, runId: claim.runId, loggedModelId: model.id };
    }
  }
  if (!isOwn) throw refusal(claim.source, 'it does not lie under the artifacts of the run_id or model_id beside it');
  return {
    source,
    files: { root: place.root, path: place.path },
    runId: claim.runId ?? null,
    loggedModelId: claim.loggedModelId ?? null,
  };
}

/** Parts of the path behind `scheme:/`, each checked. */
function segmentsOf(source: string, prefix: string): string[] {
  if (!source.startsWith(prefix) || source.startsWith(`${prefix}/`)) throw refusal(source, `it is written ${prefix}…`);
  return parseArtifactPath(source.slice(prefix.length).replace(/\/$/, ''));
}

/** Nor may a source that Capstan never opens confuse those who do. */
function refuseTricks(source: string, mayHaveQuery: boolean): void {
  const path = (mayHaveQuery ? source.replace(/[?#].*$/s, '') : source)
    .slice(source.indexOf(':') + 1)
    .replace(/^\/*/, '')
    .replace(/\/$/, '');
  if (!mayHaveQuery && /[?#]/.test(source)) throw refusal(source, 'it has a query or fragment');
  if (path === '') throw refusal(source, 'it names nothing');
  try {
    parseArtifactPath(path);
  } catch (error) {
    // In MLflow's words, which its clients' users have read.
    throw error instanceof DomainError
      ? refusal(
          source,
          'if supplying a source as an http, https, local file path, ftp, objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path references present',
        )
      : error;
  }
}

function localRefusal(source: string): DomainError {
  return refusal(
    source,
    'to use a local path as a model version source, log its files to a run first: this server reads no paths of other machines',
  );
}

function refusal(source: string, reason: string): DomainError {
  return invalid(
    `Invalid model version source: '${source.slice(0, 200)}'. ${reason[0]?.toUpperCase()}${reason.slice(1)}.`,
    {
      field: 'source',
      hint: 'Log the model to a run first, then register models:/MODEL_ID or runs:/RUN/PATH.',
    },
  );
}
