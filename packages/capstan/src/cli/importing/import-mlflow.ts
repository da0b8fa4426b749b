import { openImportSource } from '../../trackers.ts';
import { connect, urlOf } from '../connect.ts';
import { exitCodes } from '../exit-codes.ts';
import type { CommandResult, Terminal } from '../terminal.ts';
import { importAll } from './import-all.ts';
import { count, createProgress, type Progress } from './progress.ts';
import { summaryOf } from './summary.ts';
import { createTarget } from './target.ts';

export interface MlflowImportOptions {
  readonly experiment?: string[];
  readonly artifacts: string[] | false;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `capstan import mlflow`: all that a tracker holds, into the server. */
export async function importMlflow(terminal: Terminal, uri: string, options: MlflowImportOptions): CommandResult {
  const source = await openImportSource(uri, {
    artifacts: Array.isArray(options.artifacts) ? options.artifacts : [],
    env: terminal.env,
    cwd: terminal.cwd,
  });
  const start = performance.now();
  const isDryRun = options.dryRun === true;
  const progress = createProgress(terminal, options.json === true, () => performance.now());
  try {
    const wanted = { experiments: options.experiment ?? [], hasFiles: options.artifacts !== false, isDryRun };
    await importAll(source, createTarget(connect(terminal), urlOf(terminal)), wanted, progress);
  } finally {
    progress.end();
    await source.close();
  }
  const seconds = (performance.now() - start) / 1_000;
  progress.tell({ event: 'finished', counts: progress.counts, refused: progress.refused, seconds });
  if (options.json !== true) terminal.out(summary(progress, isDryRun, seconds));
  return progress.refused > 0 ? exitCodes.failed : exitCodes.done;
}

function summary({ counts, refused }: Progress, isDryRun: boolean, seconds: number): string {
  const heading = isDryRun ? 'Would bring:' : `Brought in ${seconds.toFixed(1)} s:`;
  const tail = refused > 0 ? [`  ${count(refused)} things not brought, said above`] : [];
  return [summaryOf(heading, counts), ...tail].join('\n');
}
