// A control plane for one data plane that is measured: says what is served, lends the model files and takes the log.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { snapshot } from '@capstan/api';

const PREFIX_BYTES = 16;

/** Serves each file as a deployment of that name with one revision. */
export async function startControlPlane(models: Readonly<Record<string, string>>) {
  const files = Object.entries(models).map(([name, path]) => {
    const bytes = readFileSync(path);
    return { name, bytes, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}` };
  });
  const served = snapshot.parse({
    version: 1,
    clock: 'system',
    now: Date.now(),
    deployments: files.map(({ name, digest }) => ({
      name,
      project: 'bench',
      context: { id: null, eventTime: null },
      rollout: null,
      salt: name,
      routes: [
        {
          revision: 1,
          role: 'champion',
          share: 1,
          model: name,
          modelVersion: 1,
          digest,
          threshold: 0.5,
          inputAdapters: {},
          shift: 0,
        },
      ],
      breaker: { state: 'closed', mode: 'stop', fallbackProbability: null, lastKnownGood: null, reason: null },
    })),
  });
  let isAsked = false;
  let logged = 0;
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (pathname === '/api/v1/serving/snapshot') {
      // The long poll: nothing changes.
      const answer = (): void => void response.end(JSON.stringify(served));
      if (isAsked) setTimeout(answer, 20_000).unref();
      else answer();
      isAsked = true;
      return;
    }
    const blob = files.find(({ digest }) => pathname.endsWith(digest));
    if (blob) return void response.end(blob.bytes);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (pathname.startsWith('/api/v1/serving/segments/')) {
        const bytes = Buffer.concat(chunks);
        // See ports/prediction-log.ts: each frame says how long its head and its columns are.
        for (let at = 0; at < bytes.length; logged++) {
          at += PREFIX_BYTES + bytes.readUInt32LE(at + 4) + bytes.readUInt32LE(at + 8);
        }
      }
      const isInputs = pathname.startsWith('/api/v1/serving/inputs/');
      response.end(JSON.stringify(isInputs ? { rows: [] } : { now: Date.now() }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    loggedRequests: () => logged,
    stop: () => server.close().closeAllConnections(),
  };
}
