import { DomainError } from '#kernel/errors';
import { makeFit, makeRoom, type Tenant } from './make-room.ts';

/** A model in memory, as its own part of the shelf keeps it. */
export interface Lodger extends Tenant {
  /** Gives its memory back, once what it has is answered. It is `leaving` from the call on. */
  leave(): Promise<void>;
}

/** The memory that the models of one process share. */
export interface ModelMemory {
  /**
   * Resolves when there is room for so many bytes, which the lodger then has; what has to leave for it leaves. One after
   * the other, so that a large model is not overtaken for ever.
   * @throws DomainError INVALID_ARGUMENT when it needs more than there is; UNAVAILABLE for a spare one without room
   */
  enter(lodger: Lodger, bytes: number): Promise<void>;
  /** It takes no memory any more. */
  left(lodger: Lodger): void;
  /** Looks again: something has been loaded, has become idle or has grown. */
  look(): void;
  /** Taken by all, those that leave among them. */
  takenBytes(): number;
  readonly budgetBytes: number | null;
}

interface Waiting {
  readonly lodger: Lodger;
  readonly bytes: number;
  readonly resolve: () => void;
}

export function createModelMemory(budgetBytes: number | null): ModelMemory {
  const lodgers = new Set<Lodger>();
  const waiting: Waiting[] = [];
  const budget = budgetBytes ?? Number.POSITIVE_INFINITY;

  function pump(): void {
    for (let head = waiting[0]; head !== undefined; head = waiting[0]) {
      const { fits, leave } = makeRoom([...lodgers], { bytes: head.bytes, isSpare: false }, budget);
      for (const lodger of leave) void lodger.leave();
      if (!fits) return;
      waiting.shift();
      lodgers.add(head.lodger);
      head.resolve();
    }
  }

  return {
    budgetBytes,
    enter(lodger, bytes) {
      if (bytes > budget) {
        throw new DomainError(
          'INVALID_ARGUMENT',
          `The model takes ${mib(bytes)}, more than all models may take together`,
          {
            hint: `They may take ${mib(budget)}: raise --model-memory-budget, or make the model smaller.`,
          },
        );
      }
      if (lodger.isSpare) {
        const isRoom = waiting.length === 0 && makeRoom([...lodgers], { bytes, isSpare: true }, budget).fits;
        if (!isRoom) throw new DomainError('UNAVAILABLE', 'There is no room for a model that is only kept warm');
        lodgers.add(lodger);
        return Promise.resolve();
      }
      return new Promise((resolve) => {
        waiting.push({ lodger, bytes, resolve });
        pump();
      });
    },
    left(lodger) {
      lodgers.delete(lodger);
      pump();
    },
    look() {
      pump();
      for (const lodger of makeFit([...lodgers], budget)) void lodger.leave();
    },
    takenBytes: () => [...lodgers].reduce((total, { bytes }) => total + bytes, 0),
  };
}

function mib(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}
