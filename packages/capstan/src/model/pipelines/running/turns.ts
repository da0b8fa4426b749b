/** Does one piece of work after another, in the order in which they were given. */
export interface Turns {
  /** Settles as the work does. One that failed keeps nobody behind it waiting. */
  take<Result>(work: () => Promise<Result>): Promise<Result>;
}

export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  return {
    take(work) {
      const turn = last.then(work);
      last = turn.catch(() => {});
      return turn;
    },
  };
}
