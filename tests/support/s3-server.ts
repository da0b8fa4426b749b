// A real S3 server over a folder, on a free port of this machine.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { emptyFolder } from './server.ts';

export interface S3Server {
  readonly url: string;
  readonly bucket: string;
  readonly key: string;
  readonly secret: string;
  /** Files of the bucket on disk. */
  readonly folder: string;
  /** Files of uploads in parts that did not come to an end. */
  leftovers(): string[];
  stop(): Promise<void>;
}

const START_MS = 20_000;

/** @param program as `ensureVersitygw` finds it */
export async function startS3Server(program: string): Promise<S3Server> {
  const home = emptyFolder();
  const folder = join(home, 'bucket');
  mkdirSync(folder);
  const port = await freePort();
  const args = [
    '--quiet',
    // As Amazon's do: otherwise every call is a connection.
    '--keep-alive',
    '--access',
    'key',
    '--secret',
    'secret',
    '--port',
    `127.0.0.1:${port}`,
    '--health',
    '/health',
  ];
  const child = spawn(program, [...args, 'posix', home], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  const until = Date.now() + START_MS;
  while (!(await isHealthy(url))) {
    if (child.exitCode !== null || Date.now() > until)
      throw new Error(`the S3 server did not start: ${child.exitCode}`);
    await sleep(20);
  }
  return {
    url,
    bucket: 'bucket',
    key: 'key',
    secret: 'secret',
    folder,
    leftovers: () =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.parentPath.includes('.sgwtmp'))
        .map(({ name }) => name),
    async stop() {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function isHealthy(url: string): Promise<boolean> {
  return await fetch(`${url}/health`).then(
    ({ ok }) => ok,
    () => false,
  );
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
