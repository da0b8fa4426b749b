import { invalid } from '#kernel/errors';
import type { Resources } from '#ports/executor';

/** What stages may take of a machine at once, all runs together. */
export interface Capacity {
  /** Cores; a stage that declares none takes one. */
  readonly cpus: number;
  readonly gpus: number;
  readonly memoryBytes: number;
}

/** Places for stages on a machine. Those that wait get theirs in the order in which they came. */
export interface Slots {
  /** So many stages of one run are looked at together, at most. */
  readonly atOnce: number;
  /** @throws DomainError INVALID_ARGUMENT where the machine could never give it; `stage` is its name */
  refuseExcess(stage: string, need: Resources): void;
  /**
   * Waits for a place; the function gives it back.
   * @throws the signal's reason once it is aborted; a place is not taken then
   */
  enter(need: Resources, signal: AbortSignal): Promise<() => void>;
}

interface Waiting {
  readonly need: Capacity;
  admit(): void;
}

/** Places on this machine. */
export function createSlots(capacity: Capacity): Slots {
  let free = capacity;
  const queue: Waiting[] = [];

  function admitNext(): void {
    for (let next = queue[0]; next && fits(next.need, free); next = queue[0]) {
      queue.shift();
      free = minus(free, next.need);
      next.admit();
    }
  }

  return {
    atOnce: Math.max(1, Math.ceil(capacity.cpus)),
    refuseExcess(stage, need) {
      const wanted = taken(need);
      for (const [key, what] of NAMED) {
        if (wanted[key] <= capacity[key]) continue;
        throw invalid(
          `The stage '${stage}' asks for ${wanted[key]} ${what}, and this server gives stages ${capacity[key]} at most`,
          {
            field: `stages.${stage}.meta.resources.${key === 'memoryBytes' ? 'memory' : key}`,
            hint: 'Ask for less in dvc.yaml, name an executor with larger machines in capstan.yaml, or, for cpus, start the server with a larger --stage-slots.',
          },
        );
      }
    },
    async enter(need, signal) {
      signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const waiting: Waiting = { need: taken(need), admit: resolve };
      const leave = () => {
        const place = queue.indexOf(waiting);
        if (place < 0) return;
        queue.splice(place, 1);
        reject(signal.reason as Error);
        // The one behind may fit where this one did not.
        admitNext();
      };
      signal.addEventListener('abort', leave, { once: true });
      queue.push(waiting);
      admitNext();
      try {
        await promise;
      } finally {
        signal.removeEventListener('abort', leave);
      }
      let isHeld = true;
      return () => {
        if (!isHeld) return;
        isHeld = false;
        free = plus(free, waiting.need);
        admitNext();
      };
    },
  };
}

/** For executors that make stages wait themselves. */
export function unlimitedSlots(atOnce: number): Slots {
  return {
    atOnce,
    refuseExcess: () => {},
    async enter(_need, signal) {
      signal.throwIfAborted();
      return () => {};
    },
  };
}

const NAMED = [
  ['cpus', 'cpus'],
  ['gpus', 'gpus'],
  ['memoryBytes', 'bytes of memory'],
] as const satisfies readonly (readonly [keyof Capacity, string])[];

function taken({ cpus = 1, gpus = 0, memoryBytes = 0 }: Resources): Capacity {
  return { cpus, gpus, memoryBytes };
}

/** Sums of fractions of a core leave something over. */
const ROUNDING = 1e-9;

function fits(need: Capacity, free: Capacity): boolean {
  return NAMED.every(([key]) => need[key] <= free[key] + ROUNDING);
}

function plus(a: Capacity, b: Capacity): Capacity {
  return { cpus: a.cpus + b.cpus, gpus: a.gpus + b.gpus, memoryBytes: a.memoryBytes + b.memoryBytes };
}

function minus(a: Capacity, b: Capacity): Capacity {
  return { cpus: a.cpus - b.cpus, gpus: a.gpus - b.gpus, memoryBytes: a.memoryBytes - b.memoryBytes };
}
