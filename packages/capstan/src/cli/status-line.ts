import { oneLine } from './terminal.ts';

/** What is needed of standard error. */
export interface StatusStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface StatusLine {
  /** A line that stays, above the status. */
  err(text: string): void;
  /** The status: replaced by the next one, taken away by the empty one. Nothing where no terminal is. */
  show(text: string): void;
}

const CLEAR = '\r\u001B[2K';
const USUAL_COLUMNS = 80;

/** Lines, and below them at a terminal one that is written anew in its place. */
export function statusLine(stream: StatusStream): StatusLine {
  if (!stream.isTTY) return { err: (text) => void stream.write(`${text}\n`), show: () => {} };
  let shown = '';
  return {
    err(text) {
      stream.write(shown === '' ? `${text}\n` : `${CLEAR}${text}\n${shown}`);
    },
    show(text) {
      // One that is broken over two lines could not be written anew in its place.
      const next = oneLine(text, (stream.columns ?? USUAL_COLUMNS) - 1);
      if (next !== shown) stream.write(CLEAR + next);
      shown = next;
    },
  };
}
