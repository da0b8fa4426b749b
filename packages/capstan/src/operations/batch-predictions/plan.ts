import type { BatchPredictionRequest, DatasetVersion, ModelPackage, ServedFlavor } from '@capstan/api';
import { derivedPlace } from '#data/datasets';
import { conflict, DomainError, invalid, messageOf } from '#kernel/errors';
import { nearest } from '#kernel/nearest';
import { executorNamed } from '#model/pipelines';
import { dataFormatOf, type DataFile } from '#ports/analytics';
import type { Digest } from '#ports/blob-store';
import { columnsOfInput } from '#ports/cell-tensors';
import type { TensorSpec } from '#ports/model-runtime';
import { inRows, isOneRow } from '#ports/one-row';
import type { BatchPredictionsDeps } from './deps.ts';
import type { Recipe, Transform } from './model.ts';

/** What answers. */
export interface Answering {
  readonly deployment: string | null;
  readonly revision: number | null;
  readonly model: string;
  readonly version: number;
  readonly flavor: ServedFlavor;
  readonly digest: Digest;
  readonly packageDigest: Digest | null;
  readonly transform: Transform;
}

export interface Planned {
  readonly answering: Answering;
  readonly input: DatasetVersion;
  readonly recipe: Recipe;
  readonly format: 'parquet' | 'csv';
}

/** Checks a request before anything is done. @throws DomainError NOT_FOUND, CONFLICT, INVALID_ARGUMENT naming the field */
export async function plan(deps: BatchPredictionsDeps, request: BatchPredictionRequest): Promise<Planned> {
  executorNamed(deps.executors, request.executor, { field: 'body.executor', by: 'the request' });
  const input = await deps.datasets.get(request.input);
  // Also sees that it is accepted.
  const files = await deps.datasets.files(input.id);
  const { answering, packageFiles } = await answeringOf(deps, request);
  const { columns, keep, onError } = request;
  const sql = request.sql?.trim().replace(/;$/, '') ?? null;
  const known = sql === null ? input.columns.map(({ name }) => name) : await namesOfAnswer(deps, files, sql);
  const { flavor, digest } = answering;
  const inputs = await deps.models.inputs({ flavor, digest, files: packageFiles });
  if (inputs) refuseUnfit(inputs, known, columns);
  await refuseUnkept(deps, input, keep, known);
  const format = await formatFor(deps, input, request.to);
  return { answering, input, recipe: { sql, columns, keep, onError }, format };
}

/** @throws DomainError INVALID_ARGUMENT with the engine's words for SQL that is wrong */
async function namesOfAnswer(
  { analytics }: BatchPredictionsDeps,
  input: readonly DataFile[],
  sql: string,
): Promise<string[]> {
  try {
    return (await analytics.columnsOfAnswer({ tables: { input }, sql })).map(({ name }) => name);
  } catch (cause) {
    if (cause instanceof DomainError) throw cause;
    const [reason = ''] = messageOf(cause).replace('Failed to extract statements: ', '').split('\n');
    throw invalid(reason, { field: 'body.sql', hint: 'Ask one select (DuckDB) over the table `input`.', cause });
  }
}

type PackageFiles = ModelPackage['files'];

async function answeringOf(
  { deployments, models }: BatchPredictionsDeps,
  request: BatchPredictionRequest,
): Promise<{ answering: Answering; packageFiles: PackageFiles }> {
  const { deployment, revision, model, version: wanted, alias } = request;
  if (deployment !== undefined) {
    const route = await deployments.route(deployment, revision);
    const packageFiles = route.package === null ? [] : (await deployments.modelPackage(route.package)).files;
    const { inputAdapters, shift } = route;
    const answering = {
      deployment,
      revision: route.revision,
      model: route.model,
      version: route.modelVersion,
      flavor: route.flavor,
      digest: route.digest,
      packageDigest: route.package,
      transform: { inputAdapters, shift },
    };
    return { answering, packageFiles };
  }
  if (model === undefined) throw invalid('Name a deployment or a model', { field: 'body.deployment' });
  const version = wanted ?? (await models.versionOf(model, alias));
  const { flavor, digest, packageDigest, files } = await models.served(model, version);
  const transform = { inputAdapters: {}, shift: 0 };
  const answering = { deployment: null, revision: null, model, version, flavor, digest, packageDigest, transform };
  return { answering, packageFiles: [...files] };
}

function refuseUnfit(inputs: readonly TensorSpec[], known: readonly string[], columns: Recipe['columns']): void {
  const names = inputs.map(({ name }) => name);
  const stray = Object.keys(columns).find((name) => !names.includes(name));
  if (stray !== undefined) {
    const near = nearest(stray, names);
    const hint = near === undefined ? `It has: ${names.join(', ')}.` : `Did you mean '${near}'?`;
    throw invalid(`The model has no input '${stray}'`, { field: `body.columns.${stray}`, hint });
  }
  const isWhole = isOneRow({ inputs, outputs: [] });
  for (const spec of inputs.map((each) => (isWhole ? inRows(each) : each))) {
    if (spec.isOptional === true && columns[spec.name] === undefined && !known.includes(spec.name)) continue;
    // How many columns it takes is known with its outputs, or with its rows.
    const [first = -1, ...rest] = spec.shape;
    if (first > 1 || (rest.includes(-1) && columns[spec.name] !== undefined)) continue;
    columnsOfInput(spec, known, columns);
  }
}

async function refuseUnkept(
  { projects }: BatchPredictionsDeps,
  input: DatasetVersion,
  keep: Recipe['keep'],
  known: readonly string[],
): Promise<void> {
  if (keep === 'all') return;
  const wanted = keep === 'key' ? await keyOf(projects, input) : keep;
  const missing = wanted.find((name) => !known.includes(name));
  if (missing === undefined) return;
  throw invalid(`The input has no column '${missing}' to keep`, {
    field: 'body.keep',
    hint: `It has: ${known.join(', ')}.`,
  });
}

/** The declared key of a dataset. @throws DomainError INVALID_ARGUMENT where none is */
export async function keyOf(
  projects: BatchPredictionsDeps['projects'],
  { project, dataset }: Pick<DatasetVersion, 'project' | 'dataset'>,
): Promise<readonly string[]> {
  const key = (await projects.get(project)).declaration.datasets[dataset]?.key ?? [];
  if (key.length > 0) return key;
  throw invalid(`No key of ${dataset} is declared`, {
    field: 'body.keep',
    hint: 'Declare it in capstan.yaml, name the columns to keep, or keep all.',
  });
}

async function formatFor(
  { projects }: BatchPredictionsDeps,
  input: DatasetVersion,
  to: string | undefined,
): Promise<'parquet' | 'csv'> {
  if (to === undefined) return 'parquet';
  if (to === input.dataset)
    throw conflict(`The result cannot become a version of ${to}, which it is made from`, { field: 'body.to' });
  const declared = (await projects.get(input.project)).declaration.datasets[to];
  if (declared?.from === 'predictions')
    throw conflict(`${to} is filled from the log of predictions`, { field: 'body.to', hint: 'Name another dataset.' });
  const format = dataFormatOf(derivedPlace(declared?.path, to));
  if (format === 'parquet' || format === 'csv') return format;
  throw invalid(`${to} holds neither Parquet nor CSV`, { field: 'body.to' });
}
