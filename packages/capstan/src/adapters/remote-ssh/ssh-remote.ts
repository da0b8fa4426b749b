import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { posix } from 'node:path';
import { remoteError, type ObjectRemote, type RemoteCall, type RemoteSettings } from '#ports/object-remote';
import { SftpConnection, SftpStatus } from './sftp-connection.ts';
import { NO_ATTRIBUTES, OPEN, REQUEST, STATUS } from './sftp-packets.ts';
import { asRemoteError } from './ssh-errors.ts';
import { startSsh } from './ssh-process.ts';
import { sshSettings } from './ssh-settings.ts';

type Env = Readonly<Record<string, string | undefined>>;

const JOBS = 16;
/** Names come a hundred to a packet, and to ask for one takes a packet too. */
const ENTRIES_A_CALL = 50;
/** What every server takes. */
const PIECE_BYTES = 32 << 10;
const PIECES_AT_ONCE = 32;
const TEMPORARY = /\.[0-9a-f]{12}\.tmp$/;
const RENAME_OVER = 'posix-rename@openssh.com';
const DISK = 'statvfs@openssh.com';

/** @throws DomainError INVALID_ARGUMENT for settings of no use */
export function openSshRemote(settings: RemoteSettings, env: Env): ObjectRemote {
  const at = sshSettings(settings);
  const made = new Map<string, Promise<void>>();
  let current: SftpConnection | undefined;
  let beginning: Promise<SftpConnection> | undefined;

  /** The one connection that all calls share; another one where it has ended. */
  async function connected(): Promise<SftpConnection> {
    if (current && !current.isGone) return current;
    beginning ??= SftpConnection.begin(startSsh(at, env)).finally(() => {
      beginning = undefined;
    });
    current = await beginning;
    return current;
  }

  async function told<Result>(
    path: string,
    { signal }: RemoteCall,
    work: (sftp: SftpConnection) => Promise<Result>,
  ): Promise<Result> {
    try {
      signal?.throwIfAborted();
      return await work(await connected());
    } catch (error) {
      throw asRemoteError(at, path, error, signal);
    }
  }

  function makeFolder(sftp: SftpConnection, folder: string): Promise<void> {
    const making = made.get(folder) ?? makeFolders(sftp, folder, (parent) => makeFolder(sftp, parent));
    made.set(folder, making);
    making.catch(() => made.delete(folder));
    return making;
  }

  const placeOf = (path: string): string => `${at.folder}/${path}`;

  return {
    name: at.name,
    address: at.address,
    jobs: JOBS,
    listing: { by: 'folders', entries: ENTRIES_A_CALL },
    async has(path, call = {}) {
      return await told(path, call, async (sftp) => {
        const facts = await unlessAbsent(sftp.facts(REQUEST.stat, placeOf(path)));
        return facts?.isFile === true;
      });
    },
    async *list(below, call = {}) {
      const waiting = [below];
      for (let here = waiting.pop(); here !== undefined; here = waiting.pop()) {
        const place = here;
        const entries = await told(place, call, (sftp) => namesIn(sftp, placeOf(place)));
        const named = ({ name }: { name: string }): string => (place === '' ? name : `${place}/${name}`);
        waiting.push(...entries.filter(({ facts }) => facts.isFolder).map(named));
        yield entries.filter(({ name, facts }) => !facts.isFolder && !TEMPORARY.test(name)).map(named);
      }
    },
    async read(path, call = {}) {
      return await told(path, call, async (sftp) => {
        const handle = await sftp.handle(REQUEST.open, placeOf(path), OPEN.read, NO_ATTRIBUTES);
        const { sizeBytes } = await sftp.facts(REQUEST.fstat, handle);
        const asTold = (error: unknown): unknown => asRemoteError(at, path, error, call.signal);
        return { sizeBytes, bytes: piecesOf(sftp, handle, sizeBytes, call, asTold) };
      });
    },
    async write(path, file, call = {}) {
      await told(path, call, async (sftp) => {
        const target = placeOf(path);
        await makeFolder(sftp, posix.dirname(target));
        const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`;
        try {
          await writeFile(sftp, temporary, file, call);
          call.signal?.throwIfAborted();
          await renameOver(sftp, temporary, target);
        } catch (error) {
          await sftp.done(REQUEST.remove, temporary).catch(() => {});
          if (await isFull(sftp, error, posix.dirname(target))) throw remoteError(at, 'full', path);
          throw error;
        }
      });
    },
    async remove(paths, call = {}) {
      for (const path of paths) {
        await told(path, call, (sftp) => unlessAbsent(sftp.done(REQUEST.remove, placeOf(path))));
      }
    },
    async close() {
      await beginning?.catch(() => undefined);
      await current?.close();
    },
  };
}

async function unlessAbsent<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof SftpStatus && error.status === STATUS.noSuchFile) return undefined;
    throw error;
  }
}

async function namesIn(sftp: SftpConnection, folder: string) {
  const handle = await unlessAbsent(sftp.handle(REQUEST.opendir, folder));
  if (!handle) return [];
  try {
    const found = [];
    for (let names = await sftp.names(handle); names; names = await sftp.names(handle)) found.push(...names);
    return found.filter(({ name }) => name !== '.' && name !== '..');
  } finally {
    await sftp.done(REQUEST.close, handle);
  }
}

/** A folder that is there already says no more than that it failed. */
async function makeFolders(sftp: SftpConnection, folder: string, makeParent: (folder: string) => Promise<void>) {
  const facts = await unlessAbsent(sftp.facts(REQUEST.stat, folder));
  if (facts?.isFolder) return;
  if (folder !== '/') await makeParent(posix.dirname(folder));
  try {
    await sftp.done(REQUEST.mkdir, folder, NO_ATTRIBUTES);
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (!(await unlessAbsent(sftp.facts(REQUEST.stat, folder)))?.isFolder) throw error;
  }
}

async function* piecesOf(
  sftp: SftpConnection,
  handle: Buffer,
  sizeBytes: number,
  { signal }: RemoteCall,
  asTold: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array> {
  const asked: Promise<Buffer>[] = [];
  let next = 0;
  try {
    for (let given = 0; given < sizeBytes;) {
      while (asked.length < PIECES_AT_ONCE && next < sizeBytes) {
        const piece = wholePiece(sftp, handle, next, Math.min(PIECE_BYTES, sizeBytes - next));
        // Those that nobody comes to wait for fail unheard.
        piece.catch(() => {});
        asked.push(piece);
        next += PIECE_BYTES;
      }
      const piece = (await asked.shift()) ?? Buffer.alloc(0);
      signal?.throwIfAborted();
      if (piece.length === 0) return;
      given += piece.length;
      yield piece;
    }
  } catch (error) {
    throw asTold(error);
  } finally {
    await sftp.done(REQUEST.close, handle).catch(() => {});
  }
}

/** A server may give less than was asked for. */
async function wholePiece(sftp: SftpConnection, handle: Buffer, start: number, length: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let got = 0; got < length;) {
    const part = await sftp.read(handle, start + got, length - got);
    if (!part || part.length === 0) break;
    parts.push(part);
    got += part.length;
  }
  return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
}

async function writeFile(sftp: SftpConnection, target: string, file: string, { signal }: RemoteCall): Promise<void> {
  const flags = OPEN.write | OPEN.create | OPEN.exclusive;
  const handle = await sftp.handle(REQUEST.open, target, flags, NO_ATTRIBUTES);
  const source = await open(file);
  const sending: Promise<void>[] = [];
  try {
    for (let offset = 0; ;) {
      signal?.throwIfAborted();
      const { bytesRead, buffer } = await source.read(Buffer.allocUnsafe(PIECE_BYTES), 0, PIECE_BYTES, offset);
      if (bytesRead === 0) break;
      const sent = sftp.done(REQUEST.write, handle, BigInt(offset), buffer.subarray(0, bytesRead));
      sent.catch(() => {});
      sending.push(sent);
      offset += bytesRead;
      if (sending.length >= PIECES_AT_ONCE) await sending.shift();
    }
    await Promise.all(sending);
    await sftp.done(REQUEST.close, handle);
  } catch (error) {
    await Promise.allSettled(sending);
    await sftp.done(REQUEST.close, handle).catch(() => {});
    throw error;
  } finally {
    await source.close();
  }
}

/** The protocol's own rename refuses a name that is taken. */
async function renameOver(sftp: SftpConnection, from: string, to: string): Promise<void> {
  if (sftp.knows(RENAME_OVER)) return await sftp.done(REQUEST.extended, RENAME_OVER, from, to);
  await unlessAbsent(sftp.done(REQUEST.remove, to));
  await sftp.done(REQUEST.rename, from, to);
}

/** `Failure` is all that a server says of a full disk. */
async function isFull(sftp: SftpConnection, error: unknown, folder: string): Promise<boolean> {
  const isVague = error instanceof SftpStatus && error.status === STATUS.failure;
  if (!isVague || !sftp.knows(DISK)) return false;
  try {
    const facts = await sftp.extended(DISK, folder);
    // Block size, fragment size, blocks, free blocks, those that are free for everyone.
    const [, fragment = 0n, , , available = 0n] = Array.from({ length: 5 }, () => facts.big());
    return available * fragment < BigInt(PIECE_BYTES);
  } catch {
    return false;
  }
}
