import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { invalid, messageOf } from '#kernel/errors';
import { scanNumbers, type ScannedNumbers } from './scan-numbers.ts';

/** The numbers of a tensor, taken out of the JSON. */
export interface CapturedNumbers extends Omit<ScannedNumbers, 'end'> {
  /** As the caller wrote them, where a number's text may say more than its double; empty elsewhere. */
  readonly text: string;
}

/** The JSON of a request, in which arrays of numbers under `data` may stand apart. */
export interface Envelope {
  readonly body: Readonly<Record<string, unknown>>;
  readonly numbers: readonly CapturedNumbers[];
}

/** Smaller bodies are parsed as a whole sooner than looked through. Measured. */
const LEAST_SCANNED_BYTES = 1_024;
/** An array of fewer bytes costs more to take out than to leave. */
const LEAST_CAPTURED_BYTES = 256;
const MAX_SMALL_ONES = 4;

const KEY = Buffer.from('"data"');
const COLON = 0x3a;
const OPEN = 0x5b;
/** Stands for what was taken out; nobody outside knows it, so no text of a request is taken for it. */
const MARK = `${randomUUID()}:`;

/**
 * Parses the JSON of a request. Large arrays of numbers are read by themselves, which JSON.parse does at the cost of an
 * object each; `isExact` has all of them read so, whose texts then tell integers that a double cannot.
 * @throws DomainError INVALID_ARGUMENT
 */
export function readEnvelope(json: Buffer, isExact = false): Envelope {
  const numbers: CapturedNumbers[] = [];
  const text = isExact || json.length >= LEAST_SCANNED_BYTES ? takeOut(json, numbers, isExact) : json.toString('utf8');
  // What stands for bytes that are no UTF-8, and for itself: a look at the bytes tells.
  if (text.includes('\ufffd') && !isUtf8(json)) throw invalid('The body is no UTF-8 text', { field: 'body' });
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw notJson(json, cause);
  }
  if (!isRecord(body)) throw invalid('The body is not a JSON object', { field: 'body' });
  return { body, numbers };
}

/** What was taken out in the place of this value; undefined for anything else. */
export function capturedIn({ numbers }: Envelope, value: unknown): CapturedNumbers | undefined {
  if (numbers.length === 0 || typeof value !== 'string' || !value.startsWith(MARK)) return undefined;
  return numbers[Number(value.slice(MARK.length))];
}

/** The JSON with marks in the place of arrays of numbers that follow a key `data`. */
function takeOut(json: Buffer, numbers: CapturedNumbers[], isExact: boolean): string {
  let text = '';
  let done = 0;
  let small = 0;
  let at = json.indexOf(KEY);
  while (at >= 0 && small <= MAX_SMALL_ONES) {
    const open = arrayBehind(json, at);
    const scanned = open < 0 ? undefined : scanNumbers(json, open);
    if (scanned === undefined) {
      at = json.indexOf(KEY, at + KEY.length);
      continue;
    }
    const { end, values, ...facts } = scanned;
    if (!isExact && end - open < LEAST_CAPTURED_BYTES) small += 1;
    text += `${json.toString('utf8', done, open)}"${MARK}${numbers.length}"`;
    const written = facts.hasLong ? json.toString('latin1', open, end) : '';
    numbers.push({ ...facts, values: values.slice(), text: written });
    done = end;
    at = json.indexOf(KEY, end);
  }
  return text + json.toString('utf8', done);
}

/**
 * Offset of the bracket of a key's array; -1 where the text at `key` is no key, or its value no array. In JSON a quote before
 * a colon ends a key, so that this text is one, or the end of one.
 */
function arrayBehind(json: Buffer, key: number): number {
  const colon = skipSpace(json, key + KEY.length);
  if (json[colon] !== COLON) return -1;
  const open = skipSpace(json, colon + 1);
  return json[open] === OPEN ? open : -1;
}

function skipSpace(json: Buffer, from: number): number {
  let at = from;
  while (json[at] === 0x20 || json[at] === 0x0a || json[at] === 0x0d || json[at] === 0x09) at += 1;
  return at;
}

function notJson(json: Buffer, cause: unknown): Error {
  if (/[[,:\s-](?:NaN|Infinity)\s*[,\]}]/.test(json.toString('latin1'))) {
    return invalid('The body has NaN or Infinity, which JSON has not', {
      field: 'body',
      hint: 'Send null for a missing value, or the tensor as binary data, which keeps both.',
      cause,
    });
  }
  return invalid(`The body is not JSON: ${messageOf(cause).slice(0, 200)}`, { field: 'body', cause });
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
