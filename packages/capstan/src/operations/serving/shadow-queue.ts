/** Work that must never slow an answer down: done one after another, dropped and counted when too much waits. */
export interface ShadowQueue {
  /** False when it was dropped. */
  offer(rows: number, work: () => Promise<void>): boolean;
  waitingRows(): number;
  droppedRows(): number;
  /** Resolves when nothing waits or runs. */
  drained(): Promise<void>;
}

/** Works off in the order of offering, each in a turn of its own so that answers go first. `work` must not reject. */
export function createShadowQueue(maxRows: number): ShadowQueue {
  const waiting: { rows: number; work: () => Promise<void> }[] = [];
  let waitingRows = 0;
  let droppedRows = 0;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const next = waiting.shift();
      if (!next) break;
      await next.work();
      waitingRows -= next.rows;
    }
    running = undefined;
  }

  return {
    offer(rows, work) {
      if (waitingRows + rows > maxRows) {
        droppedRows += rows;
        return false;
      }
      waiting.push({ rows, work });
      waitingRows += rows;
      running ??= run();
      return true;
    },
    waitingRows: () => waitingRows,
    droppedRows: () => droppedRows,
    drained: async () => {
      await running;
    },
  };
}
