// Records of a CSV file (RFC 4180, as the analytics engine reads it), without looking at what is in them: those that stay are
// kept byte for byte, so that `01` is not written as `1`.

const [LINE_FEED, CARRIAGE_RETURN, SPACE, QUOTE, COMMA] = [0x0a, 0x0d, 0x20, 0x22, 0x2c];

/** Where in a record a byte stands; `ended`: after the carriage return that ended one. */
type State = 'start' | 'plain' | 'quoted' | 'closing' | 'ended';

export interface LeftOut {
  /** Numbers of records, from 1 after the header, in ascending order. */
  readonly records: readonly number[];
  /** An empty line is a row, which is so where there is one column only. */
  readonly isEmptyLineRow: boolean;
}

/** The bytes of a file with a header, without these records. One piece or none for each that comes in. */
export async function* withoutRecords(
  source: AsyncIterable<Uint8Array>,
  { records, isEmptyLineRow }: LeftOut,
): AsyncGenerator<Buffer> {
  let state: State = 'start';
  // Of the record that is being read: 0 is the header.
  let record = 0;
  let isEmpty = true;
  let place = 0;
  const isKept = () => record !== records[place];
  const isRow = () => !isEmpty || (isEmptyLineRow && record > 0);
  const next = () => {
    if (isRow()) {
      if (!isKept()) place++;
      record++;
    }
    isEmpty = true;
    state = 'start';
  };

  for await (const piece of source) {
    const kept: Uint8Array[] = [];
    let from = 0;
    const end = (at: number) => {
      // A line that is no row stands between rows and belongs to none.
      if (isKept() || !isRow()) kept.push(piece.subarray(from, at));
      from = at;
      next();
    };
    for (let at = 0; at < piece.length; at++) {
      const byte = piece[at] as number;
      if (state === 'ended') {
        if (byte === LINE_FEED) {
          end(at + 1);
          continue;
        }
        end(at);
      }
      if (state !== 'quoted' && byte === LINE_FEED) {
        end(at + 1);
        continue;
      }
      state = follow(state, byte);
      if (state !== 'ended') isEmpty = false;
    }
    if (isKept() || (state === 'ended' && !isRow())) kept.push(piece.subarray(from));
    if (kept.length > 0) yield Buffer.concat(kept);
  }
}

function follow(state: State, byte: number): State {
  if (state === 'quoted') return byte === QUOTE ? 'closing' : 'quoted';
  if (byte === CARRIAGE_RETURN) return 'ended';
  if (byte === COMMA) return 'start';
  if (byte === QUOTE && (state === 'start' || state === 'closing')) return 'quoted';
  if (state === 'start' && byte === SPACE) return 'start';
  return 'plain';
}
