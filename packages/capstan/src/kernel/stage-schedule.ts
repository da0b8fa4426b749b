/** A stage among those that are to be brought up to date. */
export interface ScheduledStage {
  readonly name: string;
  /** Those it has to wait for: it reads what they write. */
  readonly after: readonly string[];
}

/** `failed`, `cancelled` and `skipped` stages leave nothing that others may read. */
export type StageEnd = 'done' | 'failed' | 'cancelled' | 'skipped';

export interface ScheduleOptions {
  /** How many run at once. */
  readonly slots: number;
  /** After a failure: nothing more starts; all but what depends on it goes on; all goes on. */
  readonly onFailure: 'stop' | 'keep-going' | 'ignore';
}

export interface EndedStage {
  readonly name: string;
  readonly end: StageEnd;
  /** The stage whose failure it was skipped for. */
  readonly because?: string;
}

/** Which stage may run when. Every stage ends exactly once; nothing here runs, waits or looks at a clock. */
export interface Schedule {
  /** Takes the stages that may run now; each is handed out once, and runs until `end` is told. */
  take(): string[];
  /**
   * Tells how a stage that was taken has ended; `skipped`: it was not begun after all, for another's failure. Returns all
   * that have ended thereby: those that are skipped follow it.
   */
  end(name: string, end: StageEnd): EndedStage[];
  /** Nothing more starts: all that wait are cancelled and returned; those that run end by themselves. */
  cancel(): EndedStage[];
  readonly running: ReadonlySet<string>;
  /** True when every stage has ended. */
  readonly isOver: boolean;
}

/**
 * A schedule of stages given in an order in which each comes after those it waits for. Of stages that may start, the first
 * in that order does.
 */
export function createSchedule(stages: readonly ScheduledStage[], options: ScheduleOptions): Schedule {
  const known = new Set(stages.map(({ name }) => name));
  const open = new Map(stages.map(({ name, after }) => [name, new Set(after.filter((each) => known.has(each)))]));
  const waiting = new Map(stages.map((stage) => [stage.name, stage]));
  const running = new Set<string>();
  const followers = new Map<string, string[]>();
  for (const { name, after } of stages)
    for (const each of after) followers.set(each, [...(followers.get(each) ?? []), name]);

  const closeAll = (end: 'cancelled' | 'skipped', because?: string): EndedStage[] => {
    const ended = [...waiting.keys()].map((name) => ({ name, end, ...(because !== undefined && { because }) }));
    waiting.clear();
    return ended;
  };

  /** Those that wait for the stage, directly or not. */
  const skipFollowers = (because: string): EndedStage[] => {
    const ended: EndedStage[] = [];
    const gone = [because];
    for (let at = gone.pop(); at !== undefined; at = gone.pop()) {
      for (const name of followers.get(at) ?? []) {
        if (!waiting.delete(name)) continue;
        ended.push({ name, end: 'skipped', because });
        gone.push(name);
      }
    }
    return ended;
  };

  return {
    running,
    get isOver() {
      return waiting.size === 0 && running.size === 0;
    },
    take() {
      const taken: string[] = [];
      for (const name of waiting.keys()) {
        if (running.size >= options.slots) break;
        if ((open.get(name)?.size ?? 0) > 0) continue;
        waiting.delete(name);
        running.add(name);
        taken.push(name);
      }
      return taken;
    },
    end(name, end) {
      if (!running.delete(name)) throw new Error(`the stage ${name} does not run`);
      const self = { name, end };
      if (end === 'cancelled') return [self, ...closeAll('cancelled')];
      if (end === 'skipped') return [self, ...skipFollowers(name)];
      if (end === 'failed' && options.onFailure === 'stop') return [self, ...closeAll('skipped', name)];
      if (end === 'failed' && options.onFailure === 'keep-going') return [self, ...skipFollowers(name)];
      for (const follower of followers.get(name) ?? []) open.get(follower)?.delete(name);
      return [self];
    },
    cancel: () => closeAll('cancelled'),
  };
}
