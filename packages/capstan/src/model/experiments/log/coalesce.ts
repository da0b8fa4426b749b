/** What became of an item: undefined when it was written. */
export type Outcome = Error | undefined;

interface Waiting<Item> {
  readonly item: Item;
  readonly weight: number;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Hands on together what comes while the last was written, so that many callers share a transaction; each is told when its
 * own item is on disk. Where the whole fails, each is tried alone: one must not fail for what is wrong with another.
 */
export function coalesce<Item>(options: {
  /** What an item adds to a write, of at most `mostWeight`; a single item may weigh more. */
  readonly weightOf: (item: Item) => number;
  readonly mostWeight: number;
  /** One outcome per item, in their order. */
  readonly write: (items: readonly Item[]) => Promise<readonly Outcome[]>;
}): (item: Item) => Promise<void> {
  const queue: Waiting<Item>[] = [];
  let isWriting = false;

  async function pump(): Promise<void> {
    // Those who come in the same turn of the event loop are written together.
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.length > 0) await writeTogether(take());
    isWriting = false;
  }

  function take(): Waiting<Item>[] {
    let weight = 0;
    let count = 0;
    for (const next of queue) {
      weight += next.weight;
      if (count > 0 && weight > options.mostWeight) break;
      count += 1;
    }
    return queue.splice(0, count);
  }

  async function writeTogether(taken: readonly Waiting<Item>[]): Promise<void> {
    try {
      const outcomes = await options.write(taken.map(({ item }) => item));
      for (const [index, { resolve, reject }] of taken.entries()) {
        const outcome = outcomes[index];
        if (outcome === undefined) resolve();
        else reject(outcome);
      }
    } catch (error) {
      if (taken.length === 1) taken[0]?.reject(error);
      else for (const one of taken) await writeTogether([one]);
    }
  }

  return (item) =>
    new Promise((resolve, reject) => {
      queue.push({ item, weight: options.weightOf(item), resolve, reject });
      if (isWriting) return;
      isWriting = true;
      void pump();
    });
}
