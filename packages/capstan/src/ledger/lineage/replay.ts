import type { ModelPackage, Replay, Revision, ServingRole } from '@capstan/api';
import { conflict, DomainError, messageOf } from '#kernel/errors';
import { tensorsOf } from '#model/gates';
import type { FedInputs, LoggedAnswer, LoggedBatch } from '#operations/predictions';
import { probabilitiesIn, probabilityPlace } from '#ports/binary-probability';
import type { LoadedModel } from '#ports/model-runtime';
import { loadOnnx } from '#ports/onnx-package';
import { shiftOutputs } from '#ports/shift-outputs';
import type { LineageDeps } from './deps.ts';
import { findAnswer } from './find-answer.ts';
import { ulpsBetween, type Precision } from './model.ts';
import { revisionLink } from './serving-links.ts';

interface Request {
  readonly id: string;
  readonly role?: ServingRole | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A logged answer of a model, with its probability. */
interface Answered {
  readonly answer: LoggedAnswer;
  readonly before: number;
  readonly revision: Revision;
}

/**
 * Runs the model that answered, found by digest, on the inputs as logged: the row alone, then, where that differs, the
 * batch that it was answered in, since libraries may add up in another order by batch size.
 * @throws DomainError NOT_FOUND for the prediction; CONFLICT when no model answered or its inputs are not logged
 */
export async function replay(deps: LineageDeps, { id, role, signal }: Request): Promise<Replay> {
  const answered = await modelAnswer(deps, id, role);
  const { answer, before, revision } = answered;
  const fed = await deps.predictions.inputsOf([answer], signal);
  const batch = await deps.predictions.batchOf(answer);
  const model = await loadOnnx(deps, { digest: revision.modelDigest, files: await otherFiles(deps, revision) });
  try {
    const { precision, score } = scorerOf(model, answer.shift ?? 0);
    const compare = (rows: number, probability: number): Replay['alone'] => ({
      rows,
      probability,
      isBitEqual: Object.is(probability, before),
      difference: probability - before,
      ulps: ulpsBetween(probability, before, precision),
    });
    const alone = compare(1, await score(fed, 1, 0));
    const together = alone.isBitEqual ? undefined : await batchInputs(deps, answer, batch, signal);
    const whole =
      together && 'fed' in together
        ? compare(together.rows, await score(together.fed, together.rows, together.row))
        : null;
    const counts = whole ?? alone;
    return {
      answer,
      model: revision.model,
      version: revision.version,
      digest: revision.modelDigest,
      precision,
      isBitEqual: counts.isBitEqual,
      batchRows: batch.rows,
      alone,
      batch: whole,
      decision: { before: before >= answer.threshold, after: counts.probability >= answer.threshold },
      inputs: shownInputs(model, fed),
      adapters: { ...fed.adapters },
      notes: [
        resultText({ before, alone, whole, batchRows: batch.rows }),
        ...(together && 'why' in together ? [`The batch could not be replayed: ${together.why}.`] : []),
      ],
    };
  } finally {
    await model.close();
  }
}

async function modelAnswer(deps: LineageDeps, id: string, role: ServingRole | undefined): Promise<Answered> {
  const { answer } = await findAnswer(deps, id, role);
  const revision = await revisionLink(deps, answer);
  if (!('found' in revision)) {
    throw conflict(`There is no model to replay ${answer.id} with: ${revision.missing}`, { field: 'prediction' });
  }
  if (answer.probability === undefined) {
    throw conflict(`The model gave no probability for ${answer.id}: ${answer.error ?? 'no reason was logged'}`, {
      field: 'prediction',
      hint: 'Only answers can be compared.',
    });
  }
  return { answer, before: answer.probability, revision: revision.found };
}

/** The probability of one row when `rows` of them are answered at once. */
type Score = (fed: FedInputs, rows: number, row: number) => Promise<number>;

/** Answers as they are given: with the shift of log odds that was in force then. */
function scorerOf(model: LoadedModel, shift: number): { precision: Precision; score: Score } {
  const place = probabilityPlace(model.outputs);
  const isDouble = model.outputs.some(({ name, datatype }) => name === place.output && datatype === 'FP64');
  return {
    precision: isDouble ? 'FP64' : 'FP32',
    async score({ columns }, rows, row) {
      const said = await model.predict(tensorsOf(model.inputs, columns, 0, rows));
      const outputs = shiftOutputs(said, place, shift);
      try {
        return probabilitiesIn(outputs, place, rows)[row] ?? Number.NaN;
      } catch (error) {
        throw conflict(`The model gives no probability any more: ${messageOf(error)}`, { cause: error });
      }
    },
  };
}

async function batchInputs(
  { predictions }: LineageDeps,
  answer: LoggedAnswer,
  batch: LoggedBatch,
  signal: AbortSignal | undefined,
): Promise<{ rows: number; row: number; fed: FedInputs } | { why: string } | undefined> {
  const rows = batch.answers.length;
  if (batch.rows === 1) return undefined;
  if (batch.rows !== rows) {
    return { why: `the log has ${rows} of its ${batch.rows ?? 'unknown number of'} rows, others were answered before` };
  }
  try {
    const fed = await predictions.inputsOf(batch.answers, signal);
    return { rows, row: batch.answers.findIndex(({ exampleId }) => exampleId === answer.exampleId), fed };
  } catch (error) {
    if (error instanceof DomainError && error.code === 'CONFLICT') return { why: error.message };
    throw error;
  }
}

function resultText(result: {
  readonly before: number;
  readonly alone: Replay['alone'];
  readonly whole: Replay['batch'];
  readonly batchRows: number | null;
}): string {
  const { before, alone, whole, batchRows } = result;
  const then = `answered in a batch of ${batchRows ?? 'unknown'} ${batchRows === 1 ? 'row' : 'rows'}`;
  if (alone.isBitEqual) return `Bit-equal: ${before} (${then}; replayed alone).`;
  const alones = `alone ${alone.probability}, ${alone.ulps} ulp away`;
  if (!whole) return `Different: ${before} then (${then}), ${alones} now.`;
  return whole.isBitEqual
    ? `Bit-equal in its batch of ${whole.rows} rows: ${before} (${alones}).`
    : `Different: ${before} then, ${whole.probability} now in the same batch of ${whole.rows} rows, ${whole.ulps} ulp away (${alones}).`;
}

/** The fed row, by the model's inputs. */
function shownInputs(model: LoadedModel, { columns }: FedInputs): Replay['inputs'] {
  const taken = model.inputs.map(({ name }) => name);
  const isTaken = (column: string): boolean =>
    taken.some(
      (name) => column === name || (column.startsWith(`${name}_`) && /^\d+$/.test(column.slice(name.length + 1))),
    );
  return Object.fromEntries(
    Object.entries(columns)
      .filter(([column]) => isTaken(column))
      .map(([column, cells]) => {
        const value = cells[0] ?? null;
        if (typeof value === 'number') return [column, Number.isFinite(value) ? value : String(value)];
        return [column, typeof value === 'object' ? null : value];
      }),
  );
}

/** All files of a model whose weights are in others than its ONNX file: only then is its digest that of their list. */
async function otherFiles({ deployments }: LineageDeps, { modelDigest }: Revision): Promise<ModelPackage['files']> {
  try {
    return (await deployments.modelPackage(modelDigest)).files;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'NOT_FOUND') return [];
    throw error;
  }
}
