import type { Client } from '@capstan/client';
import { runStateText } from './run-state-text.ts';
import { oneLine, table } from './terminal.ts';
import { durationText, timeText } from './time-text.ts';

type Run = Awaited<ReturnType<Client['experiments']['getRun']>>;
type Artifact = Awaited<ReturnType<Client['experiments']['listArtifacts']>>['items'][number];

/** A run for people: what it is, then a table for each kind of thing that was logged to it. */
export function showRun(
  run: Run,
  { experiment, artifacts, now }: { experiment: string; artifacts: readonly Artifact[]; now: number },
): string {
  const took = durationText(run.startTime, run.endTime);
  const facts = [
    ['run', run.id],
    ['name', oneLine(run.name)],
    ['experiment', oneLine(experiment)],
    ['status', run.lifecycle === 'deleted' ? `${runStateText(run, now)}, deleted` : runStateText(run, now)],
    ['by', oneLine(run.user)],
    ['started', timeText(run.startTime)],
    ['last write', timeText(run.updatedAt)],
    ['ended', run.endTime === null ? '' : `${timeText(run.endTime)}${took && `, after ${took}`}`],
  ].filter(([, value]) => value !== '');
  return [
    facts.map(([name = '', value = '']) => `${name.padEnd(10)}  ${value}`).join('\n'),
    section(
      ['METRIC', 'VALUE', 'STEP', 'MIN', 'MAX'],
      Object.entries(run.metrics).map(([key, { value, step, min, max }]) => [
        oneLine(key),
        value,
        step,
        min ?? '',
        max ?? '',
      ]),
    ),
    section(['PARAM', 'VALUE'], pairs(run.params)),
    section(['TAG', 'VALUE'], pairs(run.tags)),
    section(
      ['DATASET', 'DIGEST', 'FOR', 'SOURCE'],
      run.datasets.map(({ name, digest, tags, source }) => [
        oneLine(name),
        oneLine(digest),
        oneLine(tags['mlflow.data.context'] ?? ''),
        oneLine(source),
      ]),
    ),
    section(
      ['MODEL', 'ROLE'],
      [...run.modelInputs.map((id) => [id, 'read']), ...run.modelOutputs.map(({ modelId }) => [modelId, 'written'])],
    ),
    section(
      ['ARTIFACT', 'BYTES'],
      artifacts.map((entry) =>
        entry.kind === 'file' ? [oneLine(entry.path), entry.sizeBytes] : [`${oneLine(entry.path)}/`, ''],
      ),
    ),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** Nothing where there are no rows. */
function section(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return rows.length === 0 ? '' : table(header, rows);
}

function pairs(texts: Readonly<Record<string, string>>): string[][] {
  return Object.entries(texts)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => [oneLine(key), oneLine(value)]);
}
