import type { Writer } from './database.ts';
import type { Memo } from './group-commit.ts';

const memos = new WeakMap<Writer, Memo>();

/** Gives a writer the memory of its transaction. */
export function remembering(writer: Writer, memo: Memo): Writer {
  memos.set(writer, memo);
  return writer;
}

/**
 * What is known inside the writer's transaction, by name: writes that share it need not ask again for what only they
 * change. What a refused write noted is forgotten with what it wrote.
 */
export function memoOf(writer: Writer): Memo {
  let memo = memos.get(writer);
  if (!memo) memos.set(writer, (memo = new Map()));
  return memo;
}
