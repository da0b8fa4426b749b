// The format of the prediction log between the planes. A segment is a row of frames, each a request with its answers:
//
//   u32 mark · u32 bytes of the head · u32 bytes of the columns · u32 CRC-32 of both · head · columns
//
// Numbers are little-endian. The head is JSON (`recordHead`), the columns stand behind it in the order in which it names
// them: event times and probabilities as FP64, tensors as binary tensor data, what has no datatype as JSON. All of them begin
// at multiples of eight bytes, so that they are read where they are. A value costs its bytes and is the one that the model
// saw, and what was cut off or damaged is known as such.
import { crc32 } from 'node:zlib';
import { predictionRecord, recordHead, type ColumnHead, type RecordHead } from '@capstan/api';
import { invalid, messageOf } from '#kernel/errors';
import type { TensorData } from './model-runtime.ts';
import { numbersAt, tensorFromBytes, tensorToBytes, type NumberDatatype } from './tensor-bytes.ts';

type JsonValue = number | string | boolean | null;

/** A column of a request or of an answer: `width` values a row. */
export interface LoggedColumn extends Pick<ColumnHead, 'name' | 'datatype' | 'width'> {
  /** Null: the values are not to be known. A missing one is NaN among floats, null in a list of JSON's values. */
  readonly data: TensorData | readonly JsonValue[] | null;
}

/** The rows of a request that one route answered. */
export interface LoggedPart extends Omit<RecordHead['parts'][number], 'hasProbabilities' | 'outputs'> {
  readonly probabilities: ArrayLike<number> | null;
  readonly outputs: readonly LoggedColumn[] | null;
}

/** A request with its answers, or with its shadow's: that has the same id and no inputs. */
export interface LoggedRequest extends Omit<RecordHead, 'hasEventTimes' | 'examples' | 'inputs' | 'parts'> {
  /** Ids of the examples as the caller gave them; null: see `exampleId`. */
  readonly examples: readonly string[] | null;
  /** Null: the time of the answer stands in for all. */
  readonly eventTimes: ArrayLike<number> | null;
  readonly inputs: readonly LoggedColumn[] | null;
  readonly parts: readonly LoggedPart[];
}

/** The id of a row whose caller gave it none: that of its request, with its number where there are several. */
export function exampleId(request: string, row: number, rows: number): string {
  return rows === 1 ? request : `${request}-${row}`;
}

export function exampleOf({ examples, request, rows }: LoggedRequest, row: number): string | undefined {
  return examples === null ? exampleId(request, row, rows) : examples[row];
}

/** `CPL2`. No text begins so, hence no line of an older segment. */
const MARK = 0x324c_5043;
const MARK_BYTES = 4;
const PREFIX_BYTES = 16;
/** Every typed array may begin at its multiples. */
const ALIGNED = 8;

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNED) * ALIGNED;
}

/** A record as a frame. */
export function encodeRecord({ eventTimes, inputs, parts, ...rest }: LoggedRequest): Buffer {
  const bodies: Uint8Array[] = [];
  if (eventTimes !== null) bodies.push(doubles(eventTimes));
  const head: RecordHead = {
    ...rest,
    examples: rest.examples as string[] | null,
    hasEventTimes: eventTimes !== null,
    inputs: inputs === null ? null : inputs.map((column) => columnHead(column, bodies)),
    parts: parts.map(({ probabilities, outputs, ...part }) => {
      if (probabilities !== null) bodies.push(doubles(probabilities));
      return {
        ...part,
        hasProbabilities: probabilities !== null,
        outputs: outputs === null ? null : outputs.map((column) => columnHead(column, bodies)),
      };
    }),
  };
  return frame(JSON.stringify(head), bodies);
}

function columnHead({ name, datatype, width, data }: LoggedColumn, bodies: Uint8Array[]): ColumnHead {
  if (data === null) return { name, datatype, width, form: 'null', bytes: 0 };
  const form = isTensor(data) ? 'tensor' : 'json';
  const body = isTensor(data) ? tensorToBytes(data) : Buffer.from(JSON.stringify(data));
  bodies.push(body);
  return { name, datatype, width, form, bytes: body.byteLength };
}

function isTensor(data: TensorData | readonly JsonValue[]): data is TensorData {
  return ArrayBuffer.isView(data) || data.every((value) => typeof value === 'string');
}

function doubles(values: ArrayLike<number>): Uint8Array {
  return tensorToBytes(values instanceof Float64Array ? values : Float64Array.from(values));
}

function frame(head: string, bodies: readonly Uint8Array[]): Buffer {
  const textBytes = Buffer.byteLength(head);
  const headBytes = aligned(textBytes);
  const bodyBytes = bodies.reduce((sum, body) => sum + aligned(body.byteLength), 0);
  const bytes = Buffer.allocUnsafe(PREFIX_BYTES + headBytes + bodyBytes);
  bytes.writeUInt32LE(MARK, 0);
  bytes.writeUInt32LE(headBytes, 4);
  bytes.writeUInt32LE(bodyBytes, 8);
  bytes.write(head, PREFIX_BYTES, 'utf8');
  let at = PREFIX_BYTES + headBytes;
  bytes.fill(' ', PREFIX_BYTES + textBytes, at);
  for (const body of bodies) {
    bytes.set(body, at);
    const end = at + aligned(body.byteLength);
    bytes.fill(0, at + body.byteLength, end);
    at = end;
  }
  bytes.writeUInt32LE(crc32(bytes.subarray(PREFIX_BYTES)), 12);
  return bytes;
}

interface Frame {
  readonly head: Buffer;
  readonly body: Buffer;
  readonly end: number;
}

/** The frame that begins here; undefined where none does, or not a whole one. */
function frameAt(bytes: Buffer, at: number): Frame | undefined {
  if (at + PREFIX_BYTES > bytes.length || bytes.readUInt32LE(at) !== MARK) return undefined;
  const start = at + PREFIX_BYTES;
  const middle = start + bytes.readUInt32LE(at + 4);
  const end = middle + bytes.readUInt32LE(at + 8);
  if (end > bytes.length || crc32(bytes.subarray(start, end)) !== bytes.readUInt32LE(at + 12)) return undefined;
  return { head: bytes.subarray(start, middle), body: bytes.subarray(middle, end), end };
}

/** How many bytes of a segment are whole records: what is behind them was being written when its process ended. */
export function wholeBytes(bytes: Buffer): number {
  if (!isFramed(bytes)) return bytes.lastIndexOf(0x0a) + 1;
  let end = 0;
  for (let found = frameAt(bytes, 0); found; found = frameAt(bytes, end)) ({ end } = found);
  return end;
}

function isFramed(bytes: Buffer): boolean {
  return bytes.length >= MARK_BYTES && bytes.readUInt32LE(0) === MARK;
}

/**
 * The records of a segment, in this format or in lines of JSON as older data planes wrote it.
 * @throws DomainError INVALID_ARGUMENT naming the record that is none
 */
export function decodeSegment(bytes: Buffer): LoggedRequest[] {
  if (!isFramed(bytes)) return decodeLines(bytes);
  const isAligned = bytes.byteOffset % ALIGNED === 0;
  return decodeFrames(isAligned ? bytes : Buffer.from(Uint8Array.from(bytes).buffer));
}

function decodeFrames(bytes: Buffer): LoggedRequest[] {
  const records: LoggedRequest[] = [];
  for (let at = 0; at < bytes.length;) {
    const found = frameAt(bytes, at);
    if (!found) throw refuse(records.length, 'it is cut off or damaged');
    at = found.end;
    try {
      records.push(decodeRecord(recordHead.parse(JSON.parse(found.head.toString('utf8'))), found.body));
    } catch (cause) {
      throw refuse(records.length, messageOf(cause), cause);
    }
  }
  return records;
}

function decodeRecord({ hasEventTimes, inputs, parts, ...rest }: RecordHead, body: Buffer): LoggedRequest {
  let at = 0;
  const next = (bytes: number): Buffer => {
    const from = at;
    at += aligned(bytes);
    return body.subarray(from, from + bytes);
  };
  const nextDoubles = (count: number): Float64Array =>
    numbersAt(next(count * Float64Array.BYTES_PER_ELEMENT), 'FP64', count) as Float64Array;
  const column = ({ form, bytes, ...head }: ColumnHead, rows: number): LoggedColumn => {
    if (form === 'null') return { ...head, data: null };
    const values = next(bytes);
    if (form === 'json') return { ...head, data: JSON.parse(values.toString('utf8')) as JsonValue[] };
    const { datatype, width, name } = head;
    const count = rows * width;
    if (datatype === 'BYTES') return { ...head, data: tensorFromBytes(values, datatype, count, name) };
    return { ...head, data: numbersAt(values, datatype as NumberDatatype, count) };
  };
  const record = {
    ...rest,
    eventTimes: hasEventTimes ? nextDoubles(rest.rows) : null,
    inputs: inputs === null ? null : inputs.map((head) => column(head, rest.rows)),
    parts: parts.map(({ hasProbabilities, outputs, ...part }) => {
      const rows = part.rows?.length ?? rest.rows;
      return {
        ...part,
        probabilities: hasProbabilities ? nextDoubles(rows) : null,
        outputs: outputs === null ? null : outputs.map((head) => column(head, rows)),
      };
    }),
  };
  if (at !== body.length) throw new Error(`its columns have ${body.length} bytes, its head says ${at}`);
  return record;
}

function decodeLines(bytes: Buffer): LoggedRequest[] {
  const lines = bytes.toString('utf8').split('\n').filter(Boolean);
  return lines.map((line, index) => {
    try {
      const { v: _, examples, parts, ...rest } = predictionRecord.parse(JSON.parse(line));
      const rows = examples.length;
      return { ...rest, rows, examples, parts: parts.map((part) => ({ ...part, outputs: part.outputs ?? null })) };
    } catch (cause) {
      throw refuse(index, messageOf(cause), cause);
    }
  });
}

function refuse(index: number, problem: string, cause?: unknown) {
  return invalid(`Record ${index + 1} of the segment is no prediction record: ${problem}`, {
    field: 'segment',
    ...(cause !== undefined && { cause }),
  });
}
