import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { quoteName, quoteText, type Analytics, type DataFile, type DataQuestion } from '#ports/analytics';
import type { LoadedModel } from '#ports/model-runtime';
import { answerExpressions, constant, type PartOutput } from './parts.ts';
import { resultFile, type WorkRequest } from './request.ts';

/** Names of columns that are not of the input. */
export function addedColumns(
  { outputs, rowIds }: Pick<LoadedModel, 'outputs' | 'rowIds'>,
  onError: WorkRequest['onError'],
): string[] {
  const own = ['prediction_id', 'model', 'model_version', 'revision', ...(onError === 'null' ? ['error'] : [])];
  const values = outputs.filter(({ name }) => name !== rowIds);
  return [...values.map(({ name }) => `output_${name}`), ...own];
}

interface ResultParts {
  readonly folder: string;
  readonly request: WorkRequest;
  readonly input: Pick<DataQuestion, 'tables'>;
  readonly known: readonly string[];
  readonly parts: { readonly files: readonly DataFile[]; readonly outputs: readonly PartOutput[] };
  /** See `LoadedModel`. */
  readonly rowIds: string | undefined;
}

/** Input and answers side by side, row by row. */
export async function writeResult(
  analytics: Analytics,
  { folder, request, input, known, parts, rowIds }: ResultParts,
): Promise<void> {
  const { stamp, keep, onError, format } = request;
  const kept = (keep ?? known).map((name) => `i.${quoteName(name)}`);
  const ids = parts.outputs.find(({ name }) => name === rowIds)?.columns[0];
  const columns = [
    ...kept,
    `${ids === undefined ? `${quoteText(`${stamp.idPrefix}-`)} || a.row` : `a.${ids}`} as prediction_id`,
    ...answerExpressions(parts.outputs.filter(({ name }) => name !== rowIds)),
    constant(stamp.model, 'model'),
    constant(stamp.version, 'model_version'),
    constant(stamp.revision, 'revision'),
    ...(onError === 'null' ? ['a.error'] : []),
  ].join(', ');
  const path = join(folder, resultFile(format));
  // A process that was ended after this has left it whole.
  if (existsSync(path)) return;
  const { files } = parts;
  const isEmpty = files.length === 0;
  const from = isEmpty ? `i, (${emptyAnswers(parts.outputs)}) a limit 0` : 'i positional join answers a';
  const tables = { ...input.tables, ...(!isEmpty && { answers: files }) };
  await analytics.write({ tables, sql: `select ${columns} from input ${from}` }, { path, format });
}

function emptyAnswers(outputs: readonly PartOutput[]): string {
  const columns = outputs.flatMap(({ type, columns: names }) =>
    names.map((name) => `cast(null as ${type}) as ${name}`),
  );
  return `select ${['cast(null as bigint) as row', ...columns, 'cast(null as varchar) as error'].join(', ')}`;
}
