import { messageOf } from '#kernel/errors';

// Frames of the work socket, both ways: length of the header (u32) and of the body (u64), the header as JSON, and
// buffers, each padded to a multiple of 8 bytes so that numbers lie where a processor likes them. Little-endian.

export interface Frame {
  readonly header: Readonly<Record<string, unknown>>;
  readonly buffers: readonly Uint8Array[];
}

const PREFIX_BYTES = 12;
const MAX_HEADER_BYTES = 64 << 20;
const JOINED_BYTES = 1 << 20;

/** What to write, in order; small frames are one piece, and so one call of the system. */
export function encodeFrame(
  header: Readonly<Record<string, unknown>>,
  buffers: readonly Uint8Array[],
): readonly Uint8Array[] {
  const lengths = buffers.map((buffer) => buffer.byteLength);
  const headerBytes = Buffer.from(JSON.stringify({ ...header, lengths }), 'utf8');
  const bodyBytes = lengths.reduce((sum, length) => sum + padded(length), 0);
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32LE(headerBytes.length, 0);
  prefix.writeBigUInt64LE(BigInt(bodyBytes), 4);
  const pieces: Uint8Array[] = [prefix, headerBytes];
  for (const [index, buffer] of buffers.entries()) {
    pieces.push(buffer);
    const length = lengths[index] ?? 0;
    if (padded(length) > length) pieces.push(new Uint8Array(padded(length) - length));
  }
  // Joined is copied: what the caller does with its arrays afterwards is its own.
  return bodyBytes <= JOINED_BYTES ? [Buffer.concat(pieces)] : pieces.map((piece) => Buffer.from(piece));
}

function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}

export interface FrameReader {
  /** @throws Error for bytes that are no frame, or one that is too large */
  push(chunk: Uint8Array): void;
}

/** Puts frames together from pieces as they come. Buffers of a frame are views of memory that is nobody else's. */
export function createFrameReader(maxBytes: number, onFrame: (frame: Frame) => void): FrameReader {
  let chunks: Uint8Array[] = [];
  let held = 0;
  let needed = PREFIX_BYTES;
  let lengths: { readonly header: number; readonly body: number } | undefined;

  function take(count: number): Buffer {
    const whole = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    if (!whole) throw new Error('no bytes to take');
    const rest = whole.subarray(count);
    chunks = rest.length > 0 ? [rest] : [];
    held = rest.length;
    return Buffer.from(whole.buffer, whole.byteOffset, count);
  }

  return {
    push(chunk) {
      chunks.push(chunk);
      held += chunk.length;
      while (held >= needed) {
        if (!lengths) {
          const prefix = take(PREFIX_BYTES);
          lengths = { header: prefix.readUInt32LE(0), body: Number(prefix.readBigUInt64LE(4)) };
          if (lengths.header > MAX_HEADER_BYTES || lengths.body > maxBytes) {
            throw new Error(`it answered ${lengths.body} bytes; at most ${maxBytes} are taken`);
          }
          needed = lengths.header + lengths.body;
          continue;
        }
        const { header } = lengths;
        const bytes = take(needed);
        lengths = undefined;
        needed = PREFIX_BYTES;
        onFrame(decodeFrame(bytes, header));
      }
    },
  };
}

function decodeFrame(bytes: Buffer, headerLength: number): Frame {
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(bytes.toString('utf8', 0, headerLength)) as Record<string, unknown>;
  } catch (cause) {
    throw new Error(`its answer has no header: ${messageOf(cause)}`, { cause });
  }
  const buffers: Uint8Array[] = [];
  let at = headerLength;
  for (const length of Array.isArray(header['lengths']) ? (header['lengths'] as number[]) : []) {
    if (!Number.isSafeInteger(length) || length < 0 || at + length > bytes.length) {
      throw new Error('its answer is shorter than it says');
    }
    buffers.push(bytes.subarray(at, at + length));
    at += padded(length);
  }
  return { header, buffers };
}
