import { DomainError, invalid } from '#kernel/errors';

// How gRPC writes messages and metadata into HTTP/2: doc/PROTOCOL-HTTP2.md of grpc/grpc.

/** Before each message: a flag (1: compressed) and the length, big-endian. */
export const PREFIX_BYTES = 5;

export interface FramedMessage {
  readonly isCompressed: boolean;
  readonly bytes: Buffer;
}

/** Parts a stream of chunks into messages. A message that came in one chunk is a view of it. */
export class MessageSplitter {
  readonly #maxBytes: number;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** Prefix and message; 0 until the prefix is there. */
  #expectedBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that are left without being a message. */
  get restBytes(): number {
    return this.#waitingBytes;
  }

  /** What the message under way takes once it is whole, by its prefix; 0 where none is under way. */
  get announcedBytes(): number {
    return this.#expectedBytes;
  }

  /** The messages that are whole with this chunk. @throws DomainError TOO_LARGE, INVALID_ARGUMENT */
  push(chunk: Buffer): FramedMessage[] {
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    const messages: FramedMessage[] = [];
    while (this.#isWhole()) messages.push(this.#take());
    return messages;
  }

  #isWhole(): boolean {
    if (this.#waitingBytes < PREFIX_BYTES) return false;
    if (this.#expectedBytes === 0) {
      const prefix = this.#joined();
      if ((prefix[0] ?? 0) > 1) throw invalid('A message begins with a byte that is no compression flag');
      const length = prefix.readUInt32BE(1);
      if (length > this.#maxBytes) throw tooLarge(length, this.#maxBytes);
      this.#expectedBytes = PREFIX_BYTES + length;
    }
    return this.#waitingBytes >= this.#expectedBytes;
  }

  #take(): FramedMessage {
    const all = this.#joined();
    const end = this.#expectedBytes;
    const rest = all.subarray(end);
    this.#waiting = rest.length === 0 ? [] : [rest];
    this.#waitingBytes = rest.length;
    this.#expectedBytes = 0;
    return { isCompressed: all[0] === 1, bytes: all.subarray(PREFIX_BYTES, end) };
  }

  #joined(): Buffer {
    const [only] = this.#waiting;
    if (only !== undefined && this.#waiting.length === 1) return only;
    const joined = Buffer.concat(this.#waiting, this.#waitingBytes);
    this.#waiting = [joined];
    return joined;
  }
}

/** @param size of the message, where it is known */
export function tooLarge(size: number | undefined, maxBytes: number): DomainError {
  const told = size === undefined ? `more than ${maxBytes} bytes` : `${size} bytes, more than ${maxBytes}`;
  return new DomainError('TOO_LARGE', `The message has ${told}`, {
    hint: 'Send fewer rows at once, or start the server with a larger --grpc-message-bytes.',
  });
}

/** The message with its prefix, uncompressed. */
export function framed(message: Uint8Array): Buffer {
  const bytes = behindPrefix(message);
  writePrefix(bytes);
  return bytes;
}

/** The message behind a place for its prefix. */
export function behindPrefix(message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  bytes.set(message, PREFIX_BYTES);
  return bytes;
}

/** Fills that place. */
export function writePrefix(bytes: Buffer): void {
  bytes[0] = 0;
  bytes.writeUInt32BE(bytes.length - PREFIX_BYTES, 1);
}

const UNITS_MS = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 } as const;

/** `grpc-timeout` in milliseconds. @throws DomainError INVALID_ARGUMENT */
export function timeoutMs(text: string): number {
  const [, value, unit] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? [];
  if (value === undefined) {
    throw invalid(`grpc-timeout '${text.slice(0, 20)}' is not up to eight digits with one of H, M, S, m, u, n`, {
      field: 'grpc-timeout',
    });
  }
  return Number(value) * UNITS_MS[unit as keyof typeof UNITS_MS];
}

/** Clients take 8 KB of metadata. */
const MAX_STATUS_LENGTH = 800;

/** Text for `grpc-message`: percent-encoded UTF-8, cut where a header would become too long. */
export function statusText(text: string): string {
  let encoded = '';
  for (const byte of Buffer.from(text.slice(0, MAX_STATUS_LENGTH), 'utf8')) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    encoded += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}
