import { StringDecoder } from 'node:string_decoder';

const KEPT_LINES = 50;
const MAX_LINE_LENGTH = 2_000;
/** Lines passed on in a second; a model may print megabytes. */
const MAX_LINES_A_SECOND = 100;

/** The last lines that a process printed; each also goes to a listener, unless there are too many. */
export interface LastLines {
  push(chunk: Uint8Array): void;
  lines(): readonly string[];
}

export function keepLastLines(nowMs: () => number, onLine: (line: string) => void): LastLines {
  const decoder = new StringDecoder('utf8');
  const kept: string[] = [];
  let open = '';
  let secondBeganMs = Number.NEGATIVE_INFINITY;
  let passed = 0;
  let leftOut = 0;

  function add(line: string): void {
    kept.push(line);
    if (kept.length > KEPT_LINES) kept.shift();
    if (nowMs() - secondBeganMs >= 1_000) {
      if (leftOut > 0) onLine(`(${leftOut} lines left out)`);
      secondBeganMs = nowMs();
      passed = 0;
      leftOut = 0;
    }
    if (passed < MAX_LINES_A_SECOND) onLine(line);
    else leftOut++;
    passed++;
  }

  return {
    push(chunk) {
      const lines = (open + decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length))).split('\n');
      open = lines.pop()?.slice(0, MAX_LINE_LENGTH) ?? '';
      for (const line of lines) add(line.slice(0, MAX_LINE_LENGTH).trimEnd());
    },
    lines: () => (open === '' ? [...kept] : [...kept, open].slice(-KEPT_LINES)),
  };
}
