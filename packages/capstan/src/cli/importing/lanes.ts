/** Work that runs side by side, at most so much at a time: whoever adds more waits. */
export interface Lanes {
  /** Resolves when there is room again; the work may still be running. @throws what earlier work threw */
  add(work: () => Promise<void>): Promise<void>;
  /** Resolves when all of it is done. @throws what any of it threw */
  drain(): Promise<void>;
}

export function createLanes(width: number): Lanes {
  const running = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const refuseAfterFailure = (): void => {
    if (failure) throw failure.error;
  };
  return {
    async add(work) {
      refuseAfterFailure();
      const one: Promise<void> = work()
        .catch((error: unknown) => {
          failure ??= { error };
        })
        .finally(() => running.delete(one));
      running.add(one);
      while (running.size >= width) await Promise.race(running);
      refuseAfterFailure();
    },
    async drain() {
      await Promise.all(running);
      refuseAfterFailure();
    },
  };
}
