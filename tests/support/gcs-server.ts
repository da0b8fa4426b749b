// A server that speaks as Google Cloud Storage does, with objects in its memory, on a free port of this machine.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './s3-server.ts';

export interface GcsServer {
  readonly url: string;
  readonly bucket: string;
  stop(): Promise<void>;
}

const START_MS = 20_000;

/** @param program as `ensureFakeGcsServer` finds it */
export async function startGcsServer(program: string): Promise<GcsServer> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const place = ['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port), '-external-url', url];
  const child = spawn(program, ['-backend', 'memory', '-log-level', 'error', ...place], { stdio: 'ignore' });
  const until = Date.now() + START_MS;
  while (!(await hasBucket(url))) {
    if (child.exitCode !== null || Date.now() > until)
      throw new Error(`fake-gcs-server did not start: ${child.exitCode}`);
    await sleep(20);
  }
  return {
    url,
    bucket: 'bucket',
    async stop() {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

async function hasBucket(url: string): Promise<boolean> {
  const headers = { 'content-type': 'application/json' };
  const made = fetch(`${url}/storage/v1/b?project=p`, { method: 'POST', headers, body: '{"name":"bucket"}' });
  return await made.then(
    ({ ok }) => ok,
    () => false,
  );
}
