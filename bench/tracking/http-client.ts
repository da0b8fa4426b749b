// A client that costs little, since it shares the machine with the server it measures: one keep-alive connection, requests
// as bytes, replies read by their Content-Length.
import { connect, type Socket } from 'node:net';

export interface Reply {
  readonly status: number;
  readonly body: Buffer;
}

const HEADERS_END = Buffer.from('\r\n\r\n');

/** One connection that sends one request at a time. */
export class Connection {
  readonly #socket: Socket;
  readonly #host: string;
  #received: Buffer[] = [];
  #receivedBytes = 0;
  #expectedBytes = Number.POSITIVE_INFINITY;
  #waiting: { resolve(reply: Reply): void; reject(error: Error): void } | undefined;

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('error', (error) => this.#waiting?.reject(error));
    socket.on('close', () => this.#waiting?.reject(new Error('The server closed the connection')));
  }

  static async open(url: string): Promise<Connection> {
    const { hostname, port, host } = new URL(url);
    const socket = connect(Number(port), hostname);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new Connection(socket, host);
  }

  async get(path: string): Promise<Reply> {
    return await this.#send(Buffer.from(`GET ${path} HTTP/1.1\r\nhost: ${this.#host}\r\n\r\n`));
  }

  /** `body` as text that is JSON already: what a call costs must not be that of writing its JSON. */
  async post(path: string, body: string): Promise<Reply> {
    const bytes = Buffer.from(body);
    const head = `POST ${path} HTTP/1.1\r\nhost: ${this.#host}\r\ncontent-type: application/json\r\ncontent-length: ${bytes.length}\r\n\r\n`;
    return await this.#send(Buffer.concat([Buffer.from(head), bytes]));
  }

  close(): void {
    this.#socket.destroy();
  }

  #send(bytes: Buffer): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(bytes);
    });
  }

  #onData(chunk: Buffer): void {
    this.#received.push(chunk);
    this.#receivedBytes += chunk.length;
    if (this.#expectedBytes === Number.POSITIVE_INFINITY) {
      const all = Buffer.concat(this.#received);
      this.#received = [all];
      const end = all.indexOf(HEADERS_END);
      if (end < 0) return;
      const length = /\r\ncontent-length: *(\d+)/i.exec(all.toString('latin1', 0, end + 2))?.[1];
      if (length === undefined) {
        this.#waiting?.reject(new Error('A reply without Content-Length'));
        return;
      }
      this.#expectedBytes = end + HEADERS_END.length + Number(length);
    }
    if (this.#receivedBytes < this.#expectedBytes) return;
    const all = Buffer.concat(this.#received);
    const reply = { status: Number(all.toString('latin1', 9, 12)), body: all.subarray(all.indexOf(HEADERS_END) + 4) };
    this.#received = [];
    this.#receivedBytes = 0;
    this.#expectedBytes = Number.POSITIVE_INFINITY;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(reply);
  }
}
