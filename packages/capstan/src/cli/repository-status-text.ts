import type { ChangedPath, RepositoryStatus } from '#repository';
import { oneLine } from './terminal.ts';

const STATE_WIDTH = 'not in cache'.length;
const LONGEST_PATH = 500;

/** A status as people read it: each file with what changed below it. */
export function statusText({ changed, stages }: RepositoryStatus, isGranular: boolean): string {
  const entries = changed.map(({ address, kind, outputs, dependencies, reasons }) => {
    if (kind === 'stage') return [plain(address), ...reasons.map((reason) => `  ${plain(reason)}`)].join('\n');
    return [
      plain(address),
      ...outputs.flatMap((each) => pathLines(each, isGranular)),
      ...dependencies.map(({ state, path }) => `  ${state.padEnd(STATE_WIDTH)}  ${plain(path)} (its source)`),
      ...reasons.map((reason) => `  ${reason}`),
    ].join('\n');
  });
  if (entries.length === 0)
    entries.push(stages > 0 ? 'Data and pipelines are up to date.' : 'All data is as its .dvc files say.');
  return entries.join('\n');
}

function pathLines({ path, state, files }: ChangedPath, isGranular: boolean): string[] {
  const counts = files
    ? [`${files.added.length} added`, `${files.modified.length} modified`, `${files.deleted.length} deleted`]
    : [];
  const heading = `  ${state.padEnd(STATE_WIDTH)}  ${plain(path)}${files ? ` (files: ${counts.join(', ')})` : ''}`;
  if (!isGranular || !files) return [heading];
  return [
    heading,
    ...(['added', 'modified', 'deleted'] as const).flatMap((change) =>
      files[change].map((file) => `    ${change.padEnd(STATE_WIDTH)}${plain(`${path}/${file}`)}`),
    ),
  ];
}

/** A name may hold what a terminal would obey. */
const plain = (path: string): string => oneLine(path, LONGEST_PATH);
