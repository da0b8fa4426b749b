import { invalid } from '#kernel/errors';

/** A row is one line; a longer one is no row, and is not held. */
const LONGEST_LINE_BYTES = 1 << 20;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * The lines of a stream of newline-delimited JSON, as many at a time as have come, at most `most`. Lines end with LF or CRLF,
 * the last one with the stream too; blank ones are left out. Pieces may be cut anywhere, also within a character.
 * @throws DomainError INVALID_ARGUMENT for a line of more than 1 MiB; what the stream fails with
 */
export async function* linesOf(stream: AsyncIterable<Buffer>, most: number): AsyncGenerator<Buffer[], void, undefined> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let isFirst = true;
  const lineOf = (pieces: readonly Buffer[]): Buffer => {
    const whole = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
    const marked = isFirst && whole.subarray(0, 3).equals(BYTE_ORDER_MARK) ? whole.subarray(3) : whole;
    isFirst = false;
    return marked.at(-1) === CARRIAGE_RETURN ? marked.subarray(0, -1) : marked;
  };
  for await (const piece of stream) {
    let lines: Buffer[] = [];
    let from = 0;
    for (let end = piece.indexOf(LINE_FEED); end >= 0; end = piece.indexOf(LINE_FEED, from)) {
      refuseLong(restBytes + end - from);
      const line = lineOf([...rest, piece.subarray(from, end)]);
      rest = [];
      restBytes = 0;
      from = end + 1;
      if (isBlank(line)) continue;
      lines.push(line);
      if (lines.length < most) continue;
      yield lines;
      lines = [];
    }
    if (from < piece.length) {
      rest.push(piece.subarray(from));
      restBytes += piece.length - from;
      refuseLong(restBytes);
    }
    if (lines.length > 0) yield lines;
  }
  if (restBytes === 0) return;
  const last = lineOf(rest);
  if (!isBlank(last)) yield [last];
}

function refuseLong(bytes: number): void {
  if (bytes <= LONGEST_LINE_BYTES) return;
  throw invalid(`A line has more than ${LONGEST_LINE_BYTES} bytes`, {
    field: 'body',
    hint: 'Send one row as JSON on each line.',
  });
}

function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === CARRIAGE_RETURN);
}
