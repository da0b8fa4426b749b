import { join } from 'node:path';
import { DomainError, invalid, messageOf } from '#kernel/errors';
import { quoteName, type Analytics, type DataColumn, type DataFile, type DataQuestion } from '#ports/analytics';
import { widthOf } from '#ports/binary-probability';
import { columnsOfInput } from '#ports/cell-tensors';
import type { LoadedModel, TensorSpec } from '#ports/model-runtime';
import { isOneRow, oneByOne } from '#ports/one-row';
import { answerBatch, type Asked, type BatchAnswer } from './answer-rows.ts';
import { partOutput, partsIn, writePart, type PartOutput } from './parts.ts';
import type { WorkProgress } from './reports.ts';
import { workFiles, type WorkRequest } from './request.ts';
import { addedColumns, writeResult } from './result.ts';
import { untypedColumns } from './untyped-columns.ts';

export interface WorkDeps {
  readonly analytics: Analytics;
  /** @throws DomainError INVALID_ARGUMENT when it is no loadable model */
  load(flavor: WorkRequest['model']['flavor'], path: string): Promise<LoadedModel>;
  readonly signal: AbortSignal;
  /** Rows of an execution at most, and values of inputs; as many as suit a model of this machine where left out. */
  readonly batch?: { readonly rows: number; readonly values: number };
  onProgress(progress: WorkProgress): void;
}

/** A row is to blame, by policy `fail`. Rows count from 1. */
export class RowFailure extends Error {
  override readonly name = 'RowFailure';
  readonly row: number;
  readonly column: string | null;

  constructor(row: number, column: string | null, message: string) {
    super(`Row ${row}: ${message}`);
    this.row = row;
    this.column = column;
  }
}

/** The same each time, since results may differ in the last bit between batch sizes. */
const USUAL_BATCH = { rows: 4_096, values: 4_000_000 };
/** Of a model that takes one row at a time: so many are looked at together, between looks at the clock. */
const ONE_BY_ONE_ROWS = 256;
/** A part is written after so many rows, or so long: that much is done again at most where work is cut off. */
const PART_ROWS = 131_072;
/** Values of outputs in a part. */
const PART_VALUES = 2_000_000;
const PART_MS = 10_000;
/** Batches that are prepared while a model of one instance computes. */
const AHEAD = 1;

/**
 * Answers all rows of a request and writes the result, in `folder`, which is the work's own. What an earlier process has
 * done there is not done again. @throws DomainError; RowFailure
 */
export async function doWork(deps: WorkDeps, folder: string, request: WorkRequest): Promise<WorkProgress> {
  const input = await inputOf(deps, folder, request);
  const [counted] = await deps.analytics.query({ ...input, sql: 'select count(*) as n from input' });
  const total = Number(counted?.['n']);
  const loaded = await deps.load(request.model.flavor, request.model.path);
  const model = isOneRow(loaded) ? oneByOne(loaded) : loaded;
  try {
    const columns = await deps.analytics.columnsOfAnswer({ ...input, sql: 'select * from input' });
    const known = columns.map(({ name }) => name);
    refuseNames(request, model, known);
    const asked = askedOf(deps, request, { model, isOneByOne: model !== loaded }, columns);
    const parts = await answerAll(deps, { folder, request, input, total, asked });
    await writeResult(deps.analytics, { folder, request, input, known, parts, rowIds: model.rowIds });
    return parts.progress;
  } finally {
    await model.close();
  }
}

type Input = Pick<DataQuestion, 'tables'>;

/** The rows that the model is asked. Mapped ones are written down first, once: a question may answer otherwise the next time. */
async function inputOf({ analytics, signal }: WorkDeps, folder: string, request: WorkRequest): Promise<Input> {
  const files: DataFile[] = request.files.map((file) => ({ ...file }));
  const isParquet = files.every(({ format }) => format === 'parquet');
  if (request.sql === null && isParquet) return { tables: { input: files } };
  const path = join(folder, workFiles.rows);
  const written: DataFile = { path, format: 'parquet', label: 'the mapped rows' };
  const isThere = await analytics.inspect(written, signal).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    const sql = request.sql ?? 'select * from input';
    await analytics
      .write({ tables: { input: files }, sql, signal }, { path, format: 'parquet' })
      .catch((cause: unknown) => {
        if (cause instanceof DomainError || signal.aborted) throw cause;
        throw invalid(`The rows cannot be mapped: ${messageOf(cause).split('\n')[0]}`, { field: 'sql', cause });
      });
  }
  return { tables: { input: [written] } };
}

function refuseNames(request: WorkRequest, model: LoadedModel, known: readonly string[]): void {
  const kept = request.keep ?? known;
  const missing = kept.find((name) => !known.includes(name));
  if (missing !== undefined)
    throw invalid(`The input has no column '${missing}' to keep`, {
      field: missing,
      hint: `It has: ${known.join(', ')}.`,
    });
  const added = new Set(addedColumns(model, request.onError).map((name) => name.toLowerCase()));
  const taken = kept.find((name) => added.has(name.toLowerCase()));
  if (taken === undefined) return;
  throw invalid(`The input has a column '${taken}', which is one of the result`, {
    field: taken,
    hint: 'Name the columns to keep, without it.',
  });
}

function askedOf(
  deps: WorkDeps,
  request: WorkRequest,
  { model, isOneByOne }: Pick<Asked, 'model' | 'isOneByOne'>,
  columns: readonly DataColumn[],
): Asked {
  const known = columns.map(({ name }) => name);
  const wanted = model.inputs.filter(
    ({ name, isOptional }) => isOptional !== true || known.includes(name) || Object.hasOwn(request.columns, name),
  );
  const stray = Object.keys(request.columns).find((name) => !model.inputs.some((spec) => spec.name === name));
  if (stray !== undefined) {
    throw invalid(`The model has no input '${stray}' to name columns for`, {
      field: stray,
      hint: `It has: ${model.inputs.map(({ name }) => name).join(', ')}.`,
    });
  }
  const specs = wanted.map((spec) => ({ ...spec, shape: shapeFor(spec, request.columns[spec.name], isOneByOne) }));
  const sources = new Map(specs.map((spec) => [spec.name, columnsOfInput(spec, known, request.columns)]));
  // What SQL gives has the type that it gives it.
  const hasTypes = request.sql !== null || request.files.every(({ format }) => format === 'parquet');
  const untyped = untypedColumns(specs, sources, columns, hasTypes);
  return { model, isOneByOne, specs, sources, untyped, transform: request.model, signal: deps.signal };
}

/**
 * An input of rows whose width the model leaves open is as wide as the columns that are named for it; where each request is
 * one row it has one value else.
 */
function shapeFor(
  { name, shape }: TensorSpec,
  columns: readonly string[] | undefined,
  isOneByOne: boolean,
): readonly number[] {
  const [first = -1, ...rest] = shape;
  if (first !== -1 && first !== 1) {
    throw invalid(`The input '${name}' takes ${first} rows at a time, no more and no fewer`, {
      field: name,
      hint: 'Export the model with a dynamic batch dimension.',
    });
  }
  if (!rest.includes(-1)) return shape;
  const width = columns?.length ?? 1;
  if (rest.length === 1 && (isOneByOne || width > 1)) return [first, width];
  throw invalid(
    `The input '${name}' leaves more open than how many rows there are: its shape is [${shape.join(', ')}]`,
    {
      field: name,
      hint: 'Name the columns that it takes, or export the model with fixed sizes but for the first.',
    },
  );
}

interface Work {
  readonly folder: string;
  readonly request: WorkRequest;
  readonly input: Input;
  readonly total: number;
  readonly asked: Asked;
}

interface Answers {
  readonly files: readonly DataFile[];
  readonly outputs: readonly PartOutput[];
  readonly progress: WorkProgress;
}

async function answerAll(deps: WorkDeps, work: Work): Promise<Answers> {
  const { folder, request, input, total, asked } = work;
  const { model, sources } = asked;
  const before = await partsIn(folder);
  const files = [...before.files];
  const failedBefore = await faultsIn(deps.analytics, files);
  const outputs = await knownOutputs(deps.analytics, model, files);
  const progress = createProgress(deps, { total, done: before.rows, failed: failedBefore });
  let first = before.rows;
  let held: BatchAnswer[] = [];
  let writing: Promise<void> = Promise.resolve();
  let since = performance.now();

  async function keep(): Promise<void> {
    const rows = held.reduce((sum, answer) => sum + answer.rows, 0);
    if (rows === 0) return;
    await writing;
    const [at, answers] = [first, held];
    first += rows;
    held = [];
    since = performance.now();
    // While it is written the next rows are answered.
    writing = writePart(deps.analytics, folder, at, outputs, answers).then((file) => void files.push(file));
    writing.catch(() => {});
  }

  async function take(answer: BatchAnswer): Promise<void> {
    const at = first + held.reduce((sum, { rows }) => sum + rows, 0);
    const [fault] = answer.faults;
    if (fault && request.onError === 'fail') throw new RowFailure(at + fault.row + 1, fault.column, fault.message);
    if (at === 0) settleWidths(outputs, answer);
    held.push(answer);
    progress.add(answer.rows, answer.faults.length);
    const rows = held.reduce((sum, each) => sum + each.rows, 0);
    const values = rows * outputs.reduce((sum, { columns }) => sum + columns.length, 0);
    if (rows >= PART_ROWS || values >= PART_VALUES || performance.now() - since >= PART_MS) await keep();
  }

  const names = [...new Set([...sources.values()].flat())];
  const selected = names.length === 0 ? 'null as nothing' : names.map(quoteName).join(', ');
  const sql = `select ${selected} from input offset ${before.rows}`;
  const rows = Math.min(batchRows(asked.specs, deps.batch), asked.isOneByOne ? ONE_BY_ONE_ROWS : Infinity);
  const window = (model.instances ?? 1) + AHEAD;
  const under: Promise<BatchAnswer>[] = [];
  try {
    for await (const portion of deps.analytics.portions({ ...input, sql, signal: deps.signal }, rows)) {
      const answer = answerBatch(asked, portion.columns, portion.rows);
      // It is looked at in its turn.
      answer.catch(() => {});
      under.push(answer);
      const next = under.length >= window ? under.shift() : undefined;
      if (next) await take(await next);
    }
    for (const answer of under) await take(await answer);
    await keep();
  } finally {
    await writing;
  }
  if (first !== total) throw new DomainError('DATA_LOSS', `${first} rows were answered of ${total}`);
  return { files, outputs, progress: progress.now() };
}

function batchRows(specs: readonly TensorSpec[], most: WorkDeps['batch'] = USUAL_BATCH): number {
  if (specs.some(({ shape }) => shape[0] === 1)) return 1;
  const width = specs.reduce((sum, { shape }) => sum + widthOf(shape), 0);
  const fitting = Math.max(1, Math.floor(most.values / Math.max(1, width)));
  return Math.min(most.rows, 2 ** Math.floor(Math.log2(fitting)));
}

async function faultsIn(analytics: Analytics, files: readonly DataFile[]): Promise<number> {
  if (files.length === 0) return 0;
  const [row] = await analytics.query({ tables: { answers: files }, sql: 'select count(error) as n from answers' });
  return Number(row?.['n']);
}

/** As the parts that are there have them, else as the model says. */
async function knownOutputs(
  analytics: Analytics,
  model: LoadedModel,
  files: readonly DataFile[],
): Promise<PartOutput[]> {
  const outputs = model.outputs.map(partOutput);
  const [file] = files;
  if (!file) return outputs;
  const columns = (await analytics.columnsOf([file])).map(({ name }) => name);
  return outputs.map((output, index) => ({
    ...output,
    columns: columns.filter((name) => name.startsWith(`o${index}_`)),
  }));
}

/** What the model leaves open is settled by its first answer. */
function settleWidths(outputs: PartOutput[], answer: BatchAnswer): void {
  for (const [index, output] of outputs.entries()) {
    const tensor = answer.outputs.find(({ name }) => name === output.name);
    if (!tensor || widthOf(tensor.shape) === output.columns.length) continue;
    outputs[index] = partOutput(tensor, index);
  }
}

function createProgress(deps: WorkDeps, start: { total: number; done: number; failed: number }) {
  const began = performance.now();
  let { done, failed } = start;
  const now = (): WorkProgress => {
    const seconds = (performance.now() - began) / 1_000;
    const speed = (done - start.done) / seconds;
    return { total: start.total, done, failed, rowsPerSecond: Number.isFinite(speed) && speed > 0 ? speed : null };
  };
  deps.onProgress(now());
  return {
    now,
    add(rows: number, faults: number): void {
      done += rows;
      failed += faults;
      deps.onProgress(now());
    },
  };
}
