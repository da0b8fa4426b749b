import { lookup } from 'node:dns/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { DomainError, invalid, messageOf } from '#kernel/errors';
import type { OutboundHttp, OutboundReply, OutboundRequest, RefusedFor } from '#ports/outbound-http';
import { canonicalAddress, isPublicAddress } from './addresses.ts';
import { withDeadline } from './deadline.ts';

export interface OutboundPolicy {
  /** Allowed everywhere; targets of the list may use `http`, too. */
  readonly schemes: readonly ('https' | 'http')[];
  /** Lets every private address be reached: for development. */
  readonly canReachPrivate: boolean;
  /** `HOST:PORT` of private targets that may be reached, as the URL names them. */
  readonly allowedTargets: readonly string[];
  /** All addresses of a name; the operating system's by default. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

/** A target whose addresses have been checked. */
interface Target {
  readonly url: URL;
  readonly port: number;
  readonly addresses: readonly string[];
  readonly mayBePrivate: boolean;
}

const LONGEST_URL = 2_000;
const LONGEST_CHECK_MS = 5_000;
/** Of a name with many addresses not all are tried. */
const MOST_ADDRESSES = 4;

export function createOutboundSockets(policy: OutboundPolicy): OutboundHttp {
  const resolve = policy.resolve ?? resolveBySystem;
  const allowed = new Set(policy.allowedTargets.map((entry) => entry.toLowerCase()));

  async function locate(text: string): Promise<Target> {
    const url = parseTarget(text);
    const scheme = url.protocol.slice(0, -1);
    const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port);
    const isListed = allowed.has(`${url.hostname}:${port}`);
    const schemes: readonly string[] = isListed ? [...policy.schemes, 'http'] : policy.schemes;
    if (!schemes.includes(scheme)) {
      throw refusal('scheme', `'${scheme}' in '${shown(text)}'; allowed are ${policy.schemes.join(', ')}`);
    }
    const mayBePrivate = isListed || policy.canReachPrivate;
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    const addresses = isIP(host) === 0 ? await addressesOf(host) : [host];
    const inside = mayBePrivate ? undefined : addresses.find((address) => !isPublicAddress(address));
    if (inside !== undefined) {
      throw refusal(
        'address',
        `'${host}' leads to ${inside}, which is not a public address`,
        `An operator can allow it: CAPSTAN_OUTBOUND_TARGETS=${url.hostname}:${port}`,
      );
    }
    return { url, port, addresses: addresses.slice(0, MOST_ADDRESSES), mayBePrivate };
  }

  async function addressesOf(host: string): Promise<readonly string[]> {
    let addresses: readonly string[];
    try {
      addresses = await resolve(host);
    } catch (cause) {
      throw new DomainError('UNAVAILABLE', `Cannot resolve '${host}': ${messageOf(cause)}`, { cause });
    }
    if (addresses.length > 0) return addresses;
    throw new DomainError('UNAVAILABLE', `Cannot resolve '${host}': it has no address`);
  }

  return {
    async check(url) {
      try {
        await withDeadline(LONGEST_CHECK_MS, undefined, () => locate(url));
      } catch (error) {
        // Whoever gives an address that cannot be found is at fault, for now at least.
        throw error instanceof DomainError && error.code !== 'INVALID_ARGUMENT'
          ? refusal('address', error.message)
          : error;
      }
    },
    send: (request) =>
      withDeadline(request.timeoutMs, request.signal, async (signal) => {
        const target = await locate(request.url);
        signal.throwIfAborted();
        const socket = await open(target, signal);
        return await exchange(target, socket, request, signal);
      }),
  };
}

/** @throws DomainError INVALID_ARGUMENT */
function parseTarget(text: string): URL {
  if (text.trim() === '') throw refusal('url', 'It is empty');
  const url = text.length > LONGEST_URL ? null : URL.parse(text);
  if (!url || url.hostname === '') throw refusal('url', `'${shown(text)}' is none with a host`);
  if (url.username !== '' || url.password !== '') {
    throw refusal('url', 'It holds credentials', 'Give a secret instead: it signs what is sent.');
  }
  return url;
}

async function resolveBySystem(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true, order: 'verbatim' })).map(({ address }) => address);
}

/** A socket to the first address that takes the connection, its peer checked before a byte is sent. */
async function open(target: Target, signal: AbortSignal): Promise<Socket> {
  let failure: unknown;
  for (const address of target.addresses) {
    try {
      const socket = await connectTo(address, target, signal);
      return target.url.protocol === 'https:' ? await secure(socket, target, signal) : socket;
    } catch (error) {
      if (error instanceof DomainError) throw error;
      signal.throwIfAborted();
      failure = error;
    }
  }
  throw new DomainError('UNAVAILABLE', `Cannot connect to ${target.url.host}: ${messageOf(failure)}`, {
    cause: failure,
  });
}

async function connectTo(address: string, target: Target, signal: AbortSignal): Promise<Socket> {
  const socket = await settled(connectTcp({ host: address, port: target.port }), 'connect', signal);
  const peer = socket.remoteAddress ?? '';
  const isChecked = canonicalAddress(peer) === canonicalAddress(address);
  if (isChecked && (target.mayBePrivate || isPublicAddress(peer))) return socket;
  socket.destroy();
  throw refusal('address', `The connection to '${target.url.hostname}' reached ${peer}, which was not checked`);
}

function secure(socket: Socket, { url }: Target, signal: AbortSignal): Promise<Socket> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const secured = connectTls({ socket, ...(isIP(host) === 0 ? { servername: host } : { host }) });
  return settled(secured, 'secureConnect', signal);
}

/** The socket once it is ready; destroyed when it fails or the call is given up. */
function settled<S extends Socket>(socket: S, ready: string, signal: AbortSignal): Promise<S> {
  return new Promise((done, fail) => {
    const giveUp = () => socket.destroy(signal.reason as Error);
    signal.addEventListener('abort', giveUp, { once: true });
    socket.once('error', fail);
    // One that breaks later, while nobody reads from it, must not end the process.
    socket.on('error', () => {});
    socket.once(ready, () => {
      signal.removeEventListener('abort', giveUp);
      socket.removeListener('error', fail);
      done(socket);
    });
  });
}

async function exchange(
  target: Target,
  socket: Socket,
  request: OutboundRequest,
  signal: AbortSignal,
): Promise<OutboundReply> {
  const { url } = target;
  const body = Buffer.from(request.body ?? '');
  const giveUp = () => socket.destroy(signal.reason as Error);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    const message = await new Promise<IncomingMessage>((done, fail) => {
      const sending = httpRequest({
        createConnection: () => socket,
        method: request.method,
        path: `${url.pathname}${url.search}`,
        setDefaultHeaders: false,
        headers: { host: url.host, connection: 'close', ...request.headers, 'content-length': body.length },
      });
      sending.once('response', done);
      sending.once('error', fail);
      sending.end(body);
    });
    return {
      status: message.statusCode ?? 0,
      headers: Object.fromEntries(
        Object.entries(message.headersDistinct).map(([name, values]) => [name, values?.[0] ?? '']),
      ),
      body: await firstBytes(message, request.largestReplyBytes),
    };
  } catch (cause) {
    signal.throwIfAborted();
    throw new DomainError('UNAVAILABLE', `The call to ${url.host} broke off: ${messageOf(cause)}`, { cause });
  } finally {
    signal.removeEventListener('abort', giveUp);
    socket.destroy();
  }
}

async function firstBytes(message: IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= most) break;
  }
  return Buffer.concat(chunks).subarray(0, most);
}

function shown(text: string): string {
  return text.slice(0, 200);
}

function refusal(reason: RefusedFor, message: string, hint?: string): DomainError {
  return invalid(message, { field: 'url', details: { reason }, ...(hint !== undefined && { hint }) });
}
