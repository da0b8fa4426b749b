import { once } from 'node:events';
import { PacketReader, packet, REPLY, REQUEST, STATUS, type FileFacts } from './sftp-packets.ts';
import type { SshProcess } from './ssh-process.ts';

/** The other side's answer that a call failed. */
export class SftpStatus extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The connection is gone: with it everything that was under way. */
export class SftpGone extends Error {
  /** What ssh said. */
  readonly complaint: string;
  constructor(complaint: string, options?: ErrorOptions) {
    super(complaint.split('\n').at(-1) ?? '', options);
    this.complaint = complaint;
  }
}

type Waiting = { resolve(reply: { type: number; reader: PacketReader }): void; reject(error: unknown): void };

const VERSION = 3;
const LARGEST_PACKET = 1 << 20;
const LENGTH_BYTES = 4;

/** Calls over one connection, told apart by number: replies come in any order. */
export class SftpConnection {
  readonly #ssh: SshProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #extensions = new Set<string>();
  #next = 0;
  #held: Buffer = Buffer.alloc(0);
  #gone: SftpGone | undefined;
  readonly #began: PromiseWithResolvers<void> = Promise.withResolvers();

  private constructor(ssh: SshProcess) {
    this.#ssh = ssh;
    const { child } = ssh;
    child.stdout.on('data', (bytes: Buffer) => this.#take(bytes));
    child.stdin.on('error', () => {});
    child.once('error', (error) => this.#end(error));
    child.once('close', () => this.#end());
    child.stdin.write(packet(REQUEST.init, VERSION));
  }

  /** @throws SftpGone with what ssh said */
  static async begin(ssh: SshProcess): Promise<SftpConnection> {
    const connection = new SftpConnection(ssh);
    await connection.#began.promise;
    return connection;
  }

  get isGone(): boolean {
    return this.#gone !== undefined;
  }

  knows(extension: string): boolean {
    return this.#extensions.has(extension);
  }

  async handle(type: number, ...fields: Parameters<typeof packet>[1][]): Promise<Buffer> {
    return (await this.#expect(REPLY.handle, type, fields)).bytes();
  }

  async done(type: number, ...fields: Parameters<typeof packet>[1][]): Promise<void> {
    await this.#expect(REPLY.status, type, fields);
  }

  async facts(type: number, ...fields: Parameters<typeof packet>[1][]): Promise<FileFacts> {
    return (await this.#expect(REPLY.attrs, type, fields)).facts();
  }

  async extended(...fields: Parameters<typeof packet>[1][]): Promise<PacketReader> {
    return await this.#expect(REPLY.extended, REQUEST.extended, fields);
  }

  /** Undefined at the end of the file. */
  async read(handle: Buffer, offset: number, length: number): Promise<Buffer | undefined> {
    const reader = await this.#unlessEnd(REPLY.data, REQUEST.read, [handle, BigInt(offset), length]);
    return reader?.bytes();
  }

  /** Some names of a folder with what they are; undefined when there are no more. */
  async names(handle: Buffer): Promise<{ name: string; facts: FileFacts }[] | undefined> {
    const reader = await this.#unlessEnd(REPLY.name, REQUEST.readdir, [handle]);
    if (!reader) return undefined;
    const names: { name: string; facts: FileFacts }[] = [];
    for (let left = reader.number(); left > 0; left--) {
      const name = reader.text();
      reader.bytes();
      names.push({ name, facts: reader.facts() });
    }
    return names;
  }

  async close(): Promise<void> {
    const { child } = this.#ssh;
    child.stdin.end();
    if (child.exitCode !== null || child.signalCode !== null) return;
    const forced = setTimeout(() => child.kill(), 2_000);
    await once(child, 'exit').finally(() => clearTimeout(forced));
  }

  async #unlessEnd(reply: number, type: number, fields: Parameters<typeof packet>[1][]) {
    try {
      return await this.#expect(reply, type, fields);
    } catch (error) {
      if (error instanceof SftpStatus && error.status === STATUS.eof) return undefined;
      throw error;
    }
  }

  async #expect(reply: number, type: number, fields: Parameters<typeof packet>[1][]): Promise<PacketReader> {
    if (this.#gone) throw this.#gone;
    const id = this.#next;
    this.#next = (this.#next + 1) >>> 0;
    const { promise, resolve, reject } = Promise.withResolvers<{ type: number; reader: PacketReader }>();
    this.#waiting.set(id, { resolve, reject });
    this.#ssh.child.stdin.write(packet(type, id, ...fields));
    const answer = await promise;
    if (answer.type === REPLY.status) {
      const status = answer.reader.number();
      if (status === STATUS.ok && reply === REPLY.status) return answer.reader;
      throw new SftpStatus(status, answer.reader.hasMore ? answer.reader.text() : '');
    }
    if (answer.type !== reply) throw new Error(`SFTP answered with a packet of kind ${answer.type}`);
    return answer.reader;
  }

  #take(bytes: Buffer): void {
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    while (this.#held.length >= LENGTH_BYTES) {
      const length = this.#held.readUInt32BE(0);
      if (length > LARGEST_PACKET) {
        // What a shell's greeting looks like in the place of a packet.
        this.#end(new Error('the other side does not speak SFTP: does its shell print something when it starts?'));
        this.#ssh.child.kill();
        return;
      }
      if (this.#held.length < LENGTH_BYTES + length) return;
      this.#dispatch(this.#held.subarray(LENGTH_BYTES, LENGTH_BYTES + length));
      this.#held = this.#held.subarray(LENGTH_BYTES + length);
    }
  }

  #dispatch(bytes: Buffer): void {
    const reader = new PacketReader(bytes);
    const type = reader.byte();
    const number = reader.number();
    if (type === REPLY.version) {
      while (reader.hasMore) {
        this.#extensions.add(reader.text());
        reader.bytes();
      }
      this.#began.resolve();
      return;
    }
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    waiting?.resolve({ type, reader });
  }

  #end(cause?: Error): void {
    const complaint = this.#ssh.complaint() || cause?.message || 'the connection has ended';
    this.#gone ??= new SftpGone(complaint, { cause });
    this.#began.reject(this.#gone);
    for (const { reject } of this.#waiting.values()) reject(this.#gone);
    this.#waiting.clear();
  }
}
