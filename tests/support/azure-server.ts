// Azurite, Microsoft's emulator of Azure Storage, with blobs in its memory, on a free port of this machine.
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './s3-server.ts';

export interface AzureServer {
  /** Of the account's blobs. */
  readonly endpoint: string;
  readonly account: string;
  readonly key: string;
  readonly container: string;
  readonly connectionString: string;
  /** A signed part of an address that allows reading, writing, listing and removing for an hour. */
  readonly sas: string;
  /** The same for reading alone. */
  readonly readingSas: string;
  stop(): Promise<void>;
}

const START_MS = 30_000;
const ACCOUNT = 'capstan';
const KEY = Buffer.from('a key of thirty-two bytes, or so').toString('base64');
const VERSION = '2019-12-12';

/** @param program as `ensureAzurite` finds it */
export async function startAzureServer(program: string): Promise<AzureServer> {
  const port = await freePort();
  const place = ['--blobHost', '127.0.0.1', '--blobPort', String(port)];
  const options = ['--inMemoryPersistence', '--silent', '--skipApiVersionCheck', '--disableTelemetry'];
  const child = spawn(process.execPath, [program, ...place, ...options], {
    stdio: 'ignore',
    env: { ...process.env, AZURITE_ACCOUNTS: `${ACCOUNT}:${KEY}` },
  });
  const endpoint = `http://127.0.0.1:${port}/${ACCOUNT}`;
  const sas = accountSas('rwdlac');
  const until = Date.now() + START_MS;
  while (!(await hasContainer(endpoint, sas))) {
    if (child.exitCode !== null || Date.now() > until) throw new Error(`Azurite did not start: ${child.exitCode}`);
    await sleep(50);
  }
  return {
    endpoint,
    account: ACCOUNT,
    key: KEY,
    container: 'container',
    connectionString: `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${KEY};BlobEndpoint=${endpoint};`,
    sas,
    readingSas: accountSas('r'),
    async stop() {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

/** https://learn.microsoft.com/rest/api/storageservices/create-account-sas */
function accountSas(permissions: string): string {
  const until = new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+Z$/, 'Z');
  const lines = [ACCOUNT, permissions, 'b', 'sco', '', until, '', '', VERSION, ''];
  const signature = createHmac('sha256', Buffer.from(KEY, 'base64')).update(lines.join('\n')).digest('base64');
  const fields = { sv: VERSION, ss: 'b', srt: 'sco', sp: permissions, se: until, sig: signature };
  return new URLSearchParams(fields).toString();
}

async function hasContainer(endpoint: string, sas: string): Promise<boolean> {
  return await fetch(`${endpoint}/container?restype=container&${sas}`, { method: 'PUT' }).then(
    ({ ok }) => ok,
    () => false,
  );
}
