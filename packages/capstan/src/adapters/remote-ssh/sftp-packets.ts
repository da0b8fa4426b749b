// Packets of SFTP version 3 (draft-ietf-secsh-filexfer-02), as OpenSSH speaks it.

export const REQUEST = {
  init: 1,
  open: 3,
  close: 4,
  read: 5,
  write: 6,
  fstat: 8,
  opendir: 11,
  readdir: 12,
  remove: 13,
  mkdir: 14,
  stat: 17,
  rename: 18,
  extended: 200,
} as const;

export const REPLY = { version: 2, status: 101, handle: 102, data: 103, name: 104, attrs: 105, extended: 201 } as const;

export const STATUS = { ok: 0, eof: 1, noSuchFile: 2, permissionDenied: 3, failure: 4, unsupported: 8 } as const;

export const OPEN = { read: 1, write: 2, create: 8, exclusive: 32 } as const;

const ATTRIBUTE = { size: 1, owner: 2, mode: 4, times: 8, extended: 0x8000_0000 } as const;
const FILE_KIND = 0o170000;
const FOLDER = 0o040000;
const REGULAR = 0o100000;

export interface FileFacts {
  readonly sizeBytes: number;
  readonly isFolder: boolean;
  readonly isFile: boolean;
}

/** Puts a packet together: numbers are of 4 bytes, big ones of 8, text and bytes come with their length. */
export function packet(type: number, ...fields: readonly (number | bigint | string | Uint8Array)[]): Buffer {
  const parts = fields.map((field) => {
    if (typeof field === 'number') return uint32(field);
    if (typeof field === 'bigint') return uint64(field);
    const bytes = typeof field === 'string' ? Buffer.from(field) : field;
    return Buffer.concat([uint32(bytes.length), bytes]);
  });
  const body = Buffer.concat([Buffer.of(type), ...parts]);
  return Buffer.concat([uint32(body.length), body]);
}

/** Reads fields off a packet, in order. @throws RangeError for one that is too short */
export class PacketReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get hasMore(): boolean {
    return this.#at < this.#bytes.length;
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#at++);
  }

  number(): number {
    this.#at += 4;
    return this.#bytes.readUInt32BE(this.#at - 4);
  }

  big(): bigint {
    this.#at += 8;
    return this.#bytes.readBigUInt64BE(this.#at - 8);
  }

  bytes(): Buffer {
    const length = this.number();
    if (this.#at + length > this.#bytes.length) throw new RangeError('a packet ends too soon');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  text(): string {
    return this.bytes().toString('utf8');
  }

  facts(): FileFacts {
    const flags = this.number();
    const sizeBytes = flags & ATTRIBUTE.size ? Number(this.big()) : 0;
    if (flags & ATTRIBUTE.owner) this.big();
    const mode = flags & ATTRIBUTE.mode ? this.number() : 0;
    if (flags & ATTRIBUTE.times) this.big();
    const more = flags & ATTRIBUTE.extended ? this.number() : 0;
    for (let pair = 0; pair < more; pair++) {
      this.bytes();
      this.bytes();
    }
    const kind = mode & FILE_KIND;
    return { sizeBytes, isFolder: kind === FOLDER, isFile: kind === REGULAR };
  }
}

export const NO_ATTRIBUTES = 0;

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function uint64(value: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}
