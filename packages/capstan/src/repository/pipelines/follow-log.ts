import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

/** Hands on what is written to a log file, in whole lines, while it grows. */
export interface LogFollower {
  /** Ends after the last of what is there now. */
  stop(): void;
}

const LOOK_EVERY_MS = 50;
const READ_BYTES = 64 << 10;
/** Who prints faster than it can be shown is not shown whole: the log has it. */
const MOST_BEHIND_BYTES = 4 << 20;
const LONGEST_LINE = 64 << 10;

/** @param onLines gets one or more lines, without the last line end */
export function followLog(path: string, onLines: (text: string) => void): LogFollower {
  const decoder = new StringDecoder('utf8');
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  let file: number | undefined;
  let at = 0;
  let rest = '';

  const look = (): void => {
    file ??= tryOpen(path);
    if (file === undefined) return;
    const { size } = fstatSync(file);
    if (size - at > MOST_BEHIND_BYTES) {
      const left = size - at - MOST_BEHIND_BYTES;
      onLines(
        `${rest}${rest === '' ? '' : '\n'}... ${Math.ceil(left / 1e6)} MB are not shown; the whole is in ${path}`,
      );
      rest = '';
      at += left;
    }
    for (let read = -1; read !== 0;) {
      read = readSync(file, buffer, 0, READ_BYTES, at);
      at += read;
      const text = rest + decoder.write(buffer.subarray(0, read));
      const end = text.length > LONGEST_LINE && !text.includes('\n') ? text.length : text.lastIndexOf('\n');
      rest = text.slice(end + 1);
      if (end >= 0) onLines(text.slice(0, end));
    }
  };

  const timer = setInterval(look, LOOK_EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      look();
      if (rest !== '') onLines(rest);
      rest = '';
      if (file !== undefined) closeSync(file);
    },
  };
}

function tryOpen(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
}

/** The last lines of a file, at most so many bytes of it. */
export function lastLines(path: string, most: number): string[] {
  const file = tryOpen(path);
  if (file === undefined) return [];
  try {
    const { size } = fstatSync(file);
    const length = Math.min(size, READ_BYTES);
    const buffer = Buffer.allocUnsafe(length);
    const read = readSync(file, buffer, 0, length, size - length);
    return buffer.toString('utf8', 0, read).trimEnd().split('\n').slice(-most);
  } finally {
    closeSync(file);
  }
}
