import { conflict, DomainError, messageOf } from '#kernel/errors';
import { probabilitiesIn, probabilityPlace } from '#ports/binary-probability';
import type { LoadedModel } from '#ports/model-runtime';
import { weightsBeside } from '#ports/onnx-package';
import type { GatesDeps } from './deps.ts';
import type { EvaluationRows } from './evaluation-rows.ts';
import { tensorsOf } from './tensors.ts';

/** A model version, loaded in the runtime that serves it. */
export interface LoadedContender {
  /** Names of what it takes. */
  readonly inputs: readonly string[];
  /** Probability of the positive class by row. @throws DomainError when the rows do not fit the model */
  score(rows: EvaluationRows, upTo?: number): Promise<Float64Array>;
  /** Milliseconds that one request of one row takes. */
  timeOne(rows: EvaluationRows, row: number): Promise<number>;
  close(): Promise<void>;
}

/** Rows in one execution; the same each time, since results may differ in the last bit between batch sizes. */
export const BATCH_ROWS = 4_096;

/** @throws DomainError CONFLICT when the version has no ONNX file; INVALID_ARGUMENT when it is no loadable model */
async function loadContender(deps: GatesDeps, model: string, version: number): Promise<LoadedContender> {
  const { onnx, flavors, files } = await deps.registry.modelFiles(model, version);
  if (!onnx) {
    throw conflict(`${model}/${version} has no ONNX file (its flavors: ${flavors.join(', ') || 'none'})`, {
      field: 'version',
      hint: 'Log it with mlflow.onnx.log_model; other flavors are not judged yet.',
    });
  }
  const options = weightsBeside(files, onnx, deps.blobs);
  return contenderOf(await deps.runtime.load(await deps.blobs.localFile(onnx), options));
}

async function contenderOf(loaded: LoadedModel): Promise<LoadedContender> {
  try {
    const place = probabilityPlace(loaded.outputs);
    const predict = async (rows: EvaluationRows, from: number, to: number) =>
      probabilitiesIn(await loaded.predict(tensorsOf(loaded.inputs, rows.columns, from, to)), place, to - from);
    return {
      inputs: loaded.inputs.map(({ name }) => name),
      async score(rows, upTo = rows.count) {
        const end = Math.min(upTo, rows.count);
        const probabilities = new Float64Array(end);
        for (let from = 0; from < end; from += BATCH_ROWS) {
          probabilities.set(await predict(rows, from, Math.min(from + BATCH_ROWS, end)), from);
        }
        return probabilities;
      },
      async timeOne(rows, row) {
        const inputs = tensorsOf(loaded.inputs, rows.columns, row, row + 1);
        const started = performance.now();
        await loaded.predict(inputs);
        return performance.now() - started;
      },
      close: () => loaded.close(),
    };
  } catch (error) {
    await loaded.close();
    throw error;
  }
}

/** What came of scoring one version: its probabilities, or why there are none. */
export type Scored = { readonly probabilities: Float64Array } | { readonly failure: string };

/**
 * Loads a version, scores the rows, and lets `use` have it before it is closed. A model that cannot be loaded or scored is
 * a finding, not an error: then `use` gets the reason and no model.
 */
export async function withScored<Result>(
  deps: GatesDeps,
  { model, version }: { readonly model: string; readonly version: number },
  { rows, upTo }: { readonly rows: EvaluationRows; readonly upTo?: number },
  use: (scored: Scored, loaded: LoadedContender | undefined) => Promise<Result>,
): Promise<Result> {
  let loaded: LoadedContender | undefined;
  try {
    const scored = await (async (): Promise<Scored> => {
      try {
        loaded = await loadContender(deps, model, version);
        return { probabilities: await loaded.score(rows, upTo) };
      } catch (error) {
        const hint = error instanceof DomainError && error.hint !== undefined ? `. ${error.hint}` : '';
        return { failure: `${messageOf(error)}${hint}` };
      }
    })();
    return await use(scored, loaded);
  } finally {
    await loaded?.close();
  }
}
