import type { Database, Writer } from '#database';
import type { Events } from '#events';
import type { Cause } from '#kernel/cause';
import { projectOf } from '../project-of.ts';
import type { RunForWriting } from '../run.store.ts';

/** How much of each was new. */
export interface LoggedCounts {
  readonly metrics: number;
  readonly params: number;
  readonly tags: number;
}

/** To be called once the transaction is committed, and not where it was rolled back. */
export type Committed = () => void;

/**
 * Facts that something was logged to a run. A client that logs a metric at a time would leave more facts than metrics: the
 * first write of an actor to a run is a fact at once, what follows within a second is summed up in the next
 * (docs/decisions/0017).
 */
export interface LoggedFacts {
  /** In the transaction of what was logged. */
  note(writer: Writer, run: RunForWriting, cause: Cause, counts: LoggedCounts): Promise<Committed>;
  /** In a transaction that ends the run: what was logged before stands before it. */
  settleRun(writer: Writer, runId: string): Promise<Committed>;
  /** Writes all that waits: before this process ends. */
  settle(): Promise<void>;
}

const INTERVAL_MS = 1_000;
const nothing: LoggedCounts = { metrics: 0, params: 0, tags: 0 };

interface Entry {
  readonly run: RunForWriting;
  readonly cause: Cause;
  waiting: LoggedCounts;
  /** Of the monotonic clock. */
  dueAt: number;
}

export function createLoggedFacts({ database, events }: { database: Database; events: Events }): LoggedFacts {
  /** By run, since the end of a run asks for its own; of each run by actor and cause. */
  const entries = new Map<string, Map<string, Entry>>();
  let timer: NodeJS.Timeout | undefined;

  async function append(writer: Writer, { run, cause }: Entry, counts: LoggedCounts): Promise<void> {
    await events.append(writer, cause, {
      type: 'run.logged',
      ...projectOf(run.experimentName),
      subject: `run:${run.id}`,
      payload: { ...counts, datasets: 0, models: 0, artifacts: 0 },
    });
  }

  /** Appends what waits of these entries; what is added to them meanwhile waits on. */
  async function appendWaiting(writer: Writer, these: readonly Entry[]): Promise<Committed> {
    const told = these.filter(isWaiting).map((entry) => [entry, entry.waiting] as const);
    await Promise.all(told.map(([entry, counts]) => append(writer, entry, counts)));
    return () => {
      for (const [entry, counts] of told) {
        entry.waiting = sum(entry.waiting, counts, -1);
        entry.dueAt = performance.now() + INTERVAL_MS;
      }
    };
  }

  async function settle(these: readonly Entry[]): Promise<void> {
    if (!these.some(isWaiting)) return;
    const committed = await database.write(async (writer) => {
      await database.dialect.lockChain(writer);
      return await appendWaiting(writer, these);
    });
    committed();
  }

  async function tick(): Promise<void> {
    const now = performance.now();
    const due = all().filter((entry) => entry.dueAt <= now);
    // A database that is away is asked again at the next tick.
    await settle(due).catch(() => {});
    for (const [run, ofRun] of entries) {
      for (const [place, entry] of ofRun) if (entry.dueAt <= now && !isWaiting(entry)) ofRun.delete(place);
      if (ofRun.size === 0) entries.delete(run);
    }
    timer = undefined;
    if (entries.size > 0) arm();
  }

  function all(): Entry[] {
    return Array.from(entries.values()).flatMap((ofRun) => [...ofRun.values()]);
  }

  function keep(place: string, entry: Entry): void {
    const ofRun = entries.get(entry.run.id) ?? new Map<string, Entry>();
    entries.set(entry.run.id, ofRun.set(place, entry));
    arm();
  }

  function arm(): void {
    timer ??= setTimeout(() => void tick(), INTERVAL_MS).unref();
  }

  return {
    async note(writer, run, cause, counts) {
      const place = `${cause.actor}/${cause.causationSeq ?? ''}/${cause.cycle ?? ''}`;
      const entry = entries.get(run.id)?.get(place) ?? { run, cause, waiting: nothing, dueAt: 0 };
      if (performance.now() < entry.dueAt) {
        return () => {
          entry.waiting = sum(entry.waiting, counts, 1);
          keep(place, entry);
        };
      }
      const told = entry.waiting;
      await append(writer, entry, sum(told, counts, 1));
      return () => {
        entry.waiting = sum(entry.waiting, told, -1);
        entry.dueAt = performance.now() + INTERVAL_MS;
        keep(place, entry);
      };
    },
    settleRun: (writer, runId) => appendWaiting(writer, [...(entries.get(runId)?.values() ?? [])]),
    async settle() {
      clearTimeout(timer);
      timer = undefined;
      await settle(all());
    },
  };
}

function isWaiting({ waiting }: Entry): boolean {
  return waiting.metrics + waiting.params + waiting.tags > 0;
}

function sum(a: LoggedCounts, b: LoggedCounts, sign: 1 | -1): LoggedCounts {
  return {
    metrics: a.metrics + sign * b.metrics,
    params: a.params + sign * b.params,
    tags: a.tags + sign * b.tags,
  };
}
