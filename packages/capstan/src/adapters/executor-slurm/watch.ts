import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobFacts, SlurmCommands } from './slurm-commands.ts';

const FILES_EVERY_MS = { least: 20, most: 1000 };
const QUEUE_EVERY_MS = { least: 500, most: 10_000 };
/** Both are looked at as often as the latest change is young: after a minute, every three seconds for a share of 20. */
const FILES_SHARE = 20;
const QUEUE_SHARE = 5;

/** A job that is watched. */
export interface Watched {
  readonly job: string;
  /** Looks at the files that the job writes. True once it is settled, and need not be watched any more. */
  lookAtFiles(): Promise<boolean>;
  /** Hears what the controller says of it, or undefined when it has dropped the job. True once it is settled. */
  hear(facts: JobFacts | undefined): Promise<boolean>;
  /** Hears that the controller does not answer. True once it is settled. */
  hearNothing(): Promise<boolean>;
}

export interface Watch {
  add(watched: Watched): void;
  /** Something was asked for: looks often again. */
  stir(): void;
}

/**
 * One loop for all jobs: it reads the files that their scripts write, and, less often, asks the controller once for all
 * of them. It stops when there is nothing to watch.
 */
export function createWatch(commands: Pick<SlurmCommands, 'look'>): Watch {
  const all = new Set<Watched>();
  let stirredAtMs = 0;
  let askedAtMs = 0;
  let isRunning = false;

  async function tellEach(tell: (watched: Watched) => Promise<boolean>): Promise<void> {
    await Promise.all(
      [...all].map(async (watched) => {
        if (await tell(watched)) all.delete(watched);
      }),
    );
  }

  async function askController(): Promise<void> {
    askedAtMs = performance.now();
    const asked = [...all];
    try {
      const facts = await commands.look(asked.map(({ job }) => job));
      // One that was added meanwhile was not asked for.
      await tellEach(async (watched) => asked.includes(watched) && (await watched.hear(facts.get(watched.job))));
    } catch {
      await tellEach(async (watched) => await watched.hearNothing());
    }
  }

  async function run(): Promise<void> {
    while (all.size > 0) {
      await tellEach((watched) => watched.lookAtFiles());
      const quietMs = performance.now() - stirredAtMs;
      if (all.size > 0 && performance.now() - askedAtMs >= within(quietMs / QUEUE_SHARE, QUEUE_EVERY_MS)) {
        await askController();
      }
      await sleep(within(quietMs / FILES_SHARE, FILES_EVERY_MS));
    }
    isRunning = false;
  }

  return {
    add(watched) {
      all.add(watched);
      stirredAtMs = performance.now();
      if (isRunning) return;
      isRunning = true;
      askedAtMs = performance.now();
      void run();
    },
    stir() {
      stirredAtMs = performance.now();
    },
  };
}

function within(value: number, { least, most }: { readonly least: number; readonly most: number }): number {
  return Math.min(most, Math.max(least, value));
}
