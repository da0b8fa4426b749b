// What strace writes of the files that a command opens. Pure.

/** A file that was opened, by its path on this machine. */
export interface OpenedFile {
  readonly path: string;
  /** It was made, or written to: what is read of it later is the command's own. */
  readonly isWritten: boolean;
}

/** Reads what strace writes, line by line; calls that are cut in two by those of other processes are put together. */
export interface TraceReader {
  /** Undefined for a line that opens no file. */
  read(line: string): OpenedFile | undefined;
}

const CALL = /^(\d+) +(?:open|openat|openat2|creat)\((.*)$/;
const RESUMED = /^(\d+) +<\.\.\. (?:open|openat|openat2|creat) resumed>(.*)$/;
const UNFINISHED = ' <unfinished ...>';
/** `= 3</path>`: the file that the call gave. */
const OPENED = /\) += \d+<(\/.*)>$/;

/** For `strace -f -y -e trace=open,openat,openat2,creat`. */
export function createTraceReader(): TraceReader {
  const begun = new Map<string, string>();
  return {
    read(line) {
      const call = CALL.exec(line);
      if (call && line.endsWith(UNFINISHED)) {
        begun.set(call[1] ?? '', call[2]?.slice(0, -UNFINISHED.length) ?? '');
        return undefined;
      }
      const resumed = call ? undefined : RESUMED.exec(line);
      const text = call ? call[2] : resumed && (begun.get(resumed[1] ?? '') ?? '') + (resumed[2] ?? '');
      const path = text && OPENED.exec(text)?.[1];
      if (!path || /\bO_DIRECTORY\b/.test(text)) return undefined;
      return { path: unescaped(path), isWritten: /\bO_(?:WRONLY|RDWR|CREAT|TRUNC)\b/.test(text) || !/\bO_/.test(text) };
    },
  };
}

const LETTERS: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, v: 11, f: 12, '"': 34, '\\': 92 };

/** Bytes outside of printable ASCII are written as C has them. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== '\\') {
      bytes.push(text.charCodeAt(at));
      continue;
    }
    const octal = /^[0-7]{1,3}/.exec(text.slice(at + 1, at + 4))?.[0];
    bytes.push(octal === undefined ? (LETTERS[text[at + 1] ?? ''] ?? 63) : Number.parseInt(octal, 8));
    at += octal?.length ?? 1;
  }
  return Buffer.from(bytes).toString('utf8');
}
