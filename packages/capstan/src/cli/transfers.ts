// What `push`, `fetch` and `pull` have in common: options, progress, and how they say what came of it.
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { FailedObject, Transferred, TransferOptions, TransferProgress } from '#repository';
import { WAIT_OPTION } from './open-here.ts';
import { exitCodes } from './exit-codes.ts';
import { Interrupted } from './interrupted.ts';
import { oneLine, type Terminal } from './terminal.ts';
import { durationText } from './time-text.ts';

export interface TransferFlags {
  readonly wait: string;
  readonly remote?: string;
  readonly jobs?: number;
  readonly runCache?: boolean;
  readonly allBranches?: boolean;
  readonly allTags?: boolean;
  readonly allCommits?: boolean;
  readonly json?: boolean;
}

const MOST_NAMED = 10;
const MOST_JOBS = 1_000;
const SHOWN_EVERY_MS = 50;
/** Less says nothing about how fast it goes on. */
const WORTH_A_RATE_MS = 1_000;

export function withTransferOptions(command: Command): Command {
  return command
    .option('-r, --remote <name>', 'another remote than the default one')
    .addOption(new Option('-j, --jobs <number>', 'transfers at once').argParser(jobs))
    .option('-a, --all-branches', 'also what the tips of all branches use')
    .option('-T, --all-tags', 'also what all tags use')
    .option('-A, --all-commits', 'also what any commit uses')
    .option('--run-cache', 'also the results of stages that ran before')
    .option(...WAIT_OPTION)
    .option('--json', 'print JSON');
}

function jobs(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= MOST_JOBS) return number;
  throw new InvalidArgumentError(`Write a whole number from 1 to ${MOST_JOBS}.`);
}

/** Ctrl-C ends transfers, after which what was under way is taken away. */
export async function transferring<Result>(
  terminal: Terminal,
  { remote, jobs: atOnce, allBranches = false, allTags = false, allCommits = false }: TransferFlags,
  work: (options: TransferOptions) => Promise<Result>,
): Promise<Result> {
  const stop = new AbortController();
  const interrupt = (): void => stop.abort(new Interrupted());
  process.once('SIGINT', interrupt);
  try {
    const scope = { allBranches, allTags, allCommits };
    return await work({ remote, jobs: atOnce, scope, signal: stop.signal, onProgress: progressShown(terminal) });
  } finally {
    process.off('SIGINT', interrupt);
    terminal.show('');
  }
}

/** `sending to storage: 120 of 10000 files, 4.2 MB/s, 12 s left`. */
export function progressShown(terminal: Pick<Terminal, 'show'>, now = () => performance.now()) {
  let step: TransferProgress['step'] | undefined;
  let since = 0;
  let shown = 0;
  return (done: TransferProgress): void => {
    const at = now();
    const isNew = done.step !== step;
    // Of thousands of small files a second nobody could read more.
    if (!isNew && done.files < done.of && at - shown < SHOWN_EVERY_MS) return;
    if (isNew) since = at;
    [step, shown] = [done.step, at];
    terminal.show(progressText(done, at - since));
  };
}

export function progressText({ step, remote, files, of, bytes }: TransferProgress, elapsedMs: number): string {
  const places = {
    looking: `looking what ${remote} has`,
    checking: 'checking the cache',
    sending: `sending to ${remote}`,
    fetching: `fetching from ${remote}`,
  };
  const parts = [`${places[step]}: ${files} of ${of} files`];
  const isMeasured = elapsedMs >= WORTH_A_RATE_MS && files > 0;
  if (isMeasured && bytes > 0) parts.push(`${bytesText((bytes / elapsedMs) * 1_000)}/s`);
  if (isMeasured && files < of) parts.push(`${durationText(0, Math.round((elapsedMs / files) * (of - files)))} left`);
  return parts.join(', ');
}

/** `4.2 MB`: decimal, as networks are measured. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1_000 && unit < units.length - 1; unit++) value /= 1_000;
  return `${Number(value.toFixed(value < 10 && unit > 0 ? 1 : 0))} ${units[unit]}`;
}

/** `12 objects sent (4.2 MB), 3 were there`. */
export function summaryText({ objects, bytes, present }: Transferred, verb: 'sent' | 'fetched'): string {
  const count = `${objects} ${objects === 1 ? 'object' : 'objects'} ${verb}`;
  return `${count}${objects > 0 ? ` (${bytesText(bytes)})` : ''}, ${present} ${present === 1 ? 'was' : 'were'} there`;
}

/** Names what did not go over, and gives the exit code. */
export function tellFailed(terminal: Terminal, failed: readonly FailedObject[]): number | undefined {
  if (failed.length === 0) return undefined;
  const lines = failed
    .slice(0, MOST_NAMED)
    .flatMap(({ path, reason, hint }) => [
      `  ${oneLine(path)}: ${reason}`,
      ...(hint === undefined ? [] : [`    ${hint}`]),
    ]);
  const more = failed.length > MOST_NAMED ? [`  and ${failed.length - MOST_NAMED} more`] : [];
  const title = `capstan: ${failed.length} ${failed.length === 1 ? 'object' : 'objects'} could not be brought over`;
  terminal.err([title, ...lines, ...more].join('\n'));
  return exitCodes.failed;
}
