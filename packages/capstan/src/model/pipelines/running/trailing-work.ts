/** Work of a run that no stage waits for, only the run's end. */
export interface TrailingWork {
  begin(work: () => Promise<void>): void;
  /** Settles once all that was begun has. */
  ended(): Promise<void>;
}

/** @param onFault hears what a piece of work throws */
export function createTrailingWork(onFault: (error: unknown) => void): TrailingWork {
  const running = new Set<Promise<void>>();
  return {
    begin(work) {
      const task: Promise<void> = work()
        .catch(onFault)
        .finally(() => running.delete(task));
      running.add(task);
    },
    async ended() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
