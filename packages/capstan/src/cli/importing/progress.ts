// What an import tells while it goes: a line with how far it is at a terminal, events for scripts.
import { oneLine, type Terminal } from '../terminal.ts';
import { durationText } from '../time-text.ts';

/** What was brought so far, by kind. */
export interface Counts {
  experiments: number;
  runs: number;
  /** Runs that were here already, as they are at the source. */
  unchangedRuns: number;
  points: number;
  loggedModels: number;
  registeredModels: number;
  modelVersions: number;
  traces: number;
  /** Traces that were here already, as they are at the source. */
  unchangedTraces: number;
  spans: number;
  evaluationDatasets: number;
  records: number;
  scorers: number;
  files: number;
  bytes: number;
}

export type ImportEvent =
  | { readonly event: 'started'; readonly source: string; readonly total: Readonly<Record<string, number | null>> }
  | {
      readonly event: 'experiment';
      readonly name: string;
      readonly sourceId: string;
      readonly id: string;
      readonly how: string;
    }
  | { readonly event: 'progress'; readonly counts: Readonly<Counts> }
  /** One thing that was not brought, and why; the rest goes on. */
  | { readonly event: 'refused'; readonly what: string; readonly reason: string }
  /** Something about what was brought that one should know. */
  | { readonly event: 'note'; readonly text: string }
  | {
      readonly event: 'finished';
      readonly counts: Readonly<Counts>;
      readonly refused: number;
      readonly seconds: number;
    };

export interface Progress {
  readonly counts: Counts;
  readonly refused: number;
  tell(event: ImportEvent): void;
  /** Something moved: the line or an event says how far it is, not more often than it helps. */
  moved(): void;
  end(): void;
}

const EVERY_MS = 250;
const EVENT_EVERY_MS = 2_000;

export function createProgress(terminal: Terminal, isJson: boolean, now: () => number): Progress {
  const counts: Counts = {
    experiments: 0,
    runs: 0,
    unchangedRuns: 0,
    points: 0,
    loggedModels: 0,
    registeredModels: 0,
    modelVersions: 0,
    traces: 0,
    unchangedTraces: 0,
    spans: 0,
    evaluationDatasets: 0,
    records: 0,
    scorers: 0,
    files: 0,
    bytes: 0,
  };
  const start = now();
  let refused = 0;
  let told = start;
  let total: { runs?: number | null | undefined; points?: number | null | undefined } = {};
  const out = (event: ImportEvent): void =>
    terminal.out(JSON.stringify({ schema: 'capstan/import-event.v1', ...event }));

  return {
    counts,
    get refused() {
      return refused;
    },
    tell(event) {
      if (event.event === 'started') total = event.total;
      if (event.event === 'refused') refused += 1;
      if (isJson) out(event);
      else tellPerson(terminal, event);
    },
    moved() {
      const at = now();
      if (at - told < (isJson ? EVENT_EVERY_MS : EVERY_MS)) return;
      told = at;
      if (isJson) out({ event: 'progress', counts });
      else terminal.show(lineOf(counts, total, at - start));
    },
    end() {
      terminal.show('');
    },
  };
}

/** `3,400 of 10,000 runs · 340,000 points · 12 files · 2m left`. */
function lineOf(
  counts: Readonly<Counts>,
  total: { readonly runs?: number | null | undefined },
  elapsedMs: number,
): string {
  const done = counts.runs + counts.unchangedRuns;
  const all = total.runs ?? 0;
  const parts = [
    all > 0 ? `${count(done)} of ${count(all)} runs` : `${count(done)} runs`,
    `${count(counts.points)} points`,
    ...(counts.traces > 0 ? [`${count(counts.traces)} traces`] : []),
    ...(counts.files > 0 ? [`${count(counts.files)} files`] : []),
    ...(done > 0 && done < all && elapsedMs > 1_000
      ? [`${durationText(0, (elapsedMs * (all - done)) / done)} left`]
      : []),
  ];
  return parts.join(' · ');
}

function tellPerson(terminal: Terminal, event: ImportEvent): void {
  switch (event.event) {
    case 'started':
      terminal.err(`Importing from ${event.source}`);
      return;
    case 'experiment':
      if (event.how === 'merged')
        terminal.err(
          `Experiment '${oneLine(event.name)}' (${event.sourceId} there) goes into ${event.id}, which has its name here`,
        );
      if (event.how === 'renumbered') {
        const why = 'its number is taken or too long';
        terminal.err(`Experiment '${oneLine(event.name)}' (${event.sourceId} there) is ${event.id} here: ${why}`);
      }
      return;
    case 'refused':
      terminal.err(`Not brought: ${oneLine(event.what, 120)}: ${oneLine(event.reason, 300)}`);
      return;
    case 'note':
      terminal.err(event.text);
      return;
    case 'progress':
    case 'finished':
  }
}

export function count(value: number): string {
  return value.toLocaleString('en');
}
