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
  /**
   * Takes the items when it is about to write them, as late as it can, and gives one outcome for each in their order.
   * May be called again with the same ones, one at a time.
   */
  readonly write: (take: () => readonly Item[]) => Promise<readonly Outcome[]>;
}): (item: Item) => Promise<void> {
  const queue: Waiting<Item>[] = [];
  let isWriting = false;

  async function pump(): Promise<void> {
    while (queue.length > 0) {
      const taken: Waiting<Item>[] = [];
      await writeTogether(taken, () => {
        taken.push(...take());
        return taken.map(({ item }) => item);
      });
    }
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

  async function writeTogether(taken: readonly Waiting<Item>[], give: () => readonly Item[]): Promise<void> {
    try {
      const outcomes = await options.write(give);
      for (const [index, { resolve, reject }] of taken.entries()) {
        const outcome = outcomes[index];
        if (outcome === undefined) resolve();
        else reject(outcome);
      }
    } catch (error) {
      // Those who were not taken yet would meet the same failure again and again.
      const failed = taken.length === 0 ? take() : taken;
      if (failed.length === 1 || taken.length === 0) for (const { reject } of failed) reject(error);
      else for (const one of failed) await writeTogether([one], () => [one.item]);
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
