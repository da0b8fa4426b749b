// Data that goes to a cloud and comes back, by Capstan and by the real dvc in turns. What a remote of any kind must do is in
// dvc-remotes.test.ts; here, that both name and find the same objects there.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ensureAzurite, ensureFakeGcsServer } from '../../tools/tasks/ensure-servers.ts';
import { startAzureServer } from '../support/azure-server.ts';
import { dvcCheckout, type DvcCheckout } from '../support/dvc-checkout.ts';
import { startGcsServer } from '../support/gcs-server.ts';
import { findDvc } from '../support/python.ts';

interface Cloud {
  readonly url: string;
  readonly options: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const gcsProgram = await orReason(ensureFakeGcsServer);
const azureProgram = await orReason(ensureAzurite);

async function orReason(find: () => Promise<string>): Promise<{ path: string; lacks?: string }> {
  try {
    return { path: await find() };
  } catch (error) {
    return { path: '', lacks: error instanceof Error ? error.message : String(error) };
  }
}

const clouds: readonly { kind: string; lacks: string | undefined; start(): Promise<Cloud> }[] = [
  {
    kind: 'bucket of Google',
    lacks: gcsProgram.lacks,
    async start() {
      const { url, bucket, stop } = await startGcsServer(gcsProgram.path);
      const options = { endpointurl: url, allow_anonymous_login: 'true' };
      return { url: `gs://${bucket}/data`, options, stop };
    },
  },
  {
    kind: 'container of Azure',
    lacks: azureProgram.lacks,
    async start() {
      const { container, connectionString, stop } = await startAzureServer(azureProgram.path);
      return { url: `azure://${container}/data`, options: { connection_string: connectionString }, stop };
    },
  },
];

let dvcProgram = '';

beforeAll(async () => {
  dvcProgram = await findDvc();
});

describe.for(clouds)('a $kind', { timeout: 120_000 }, ({ kind, lacks, start }) => {
  let cloud: Cloud | undefined;
  let at: DvcCheckout;

  afterEach(async () => await cloud?.stop());

  test.skipIf(lacks)(
    `takes what each sends, and gives it to the other${lacks ? `: skipped, ${lacks}` : ''}`,
    async () => {
      cloud = await start();
      at = dvcCheckout(dvcProgram);
      await at.ours('remote', 'add', '-d', 'storage', cloud.url);
      for (const [option, value] of Object.entries(cloud.options))
        await at.ours('remote', 'modify', '--local', 'storage', option, value);
      at.write('data/deep/ü "q".txt', 'odd name\n');
      at.write('data/empty', '');
      at.write('data/big.bin', Buffer.alloc(12_000_000, kind.length));
      await at.ours('add', 'data');
      expect(await at.ours('push')).toBe('4 objects sent (12 MB), 0 were there.\n');
      const forget = (): void => {
        for (const path of ['.dvc/cache', 'data']) rmSync(join(at.root, path), { recursive: true });
      };
      forget();
      at.dvc('pull', '-q');
      expect(at.read('data/deep/ü "q".txt')).toBe('odd name\n');

      at.write('data/new', 'new\n');
      at.dvc('add', '-q', 'data');
      at.dvc('push', '-q');
      forget();
      expect(await at.ours('pull')).toContain('5 objects fetched (12 MB), 0 were there.');
      expect(at.read('data/new')).toBe('new\n');
      expect(at.dvc('status')).toContain('up to date');
      expect(await at.ours('push')).toContain('0 objects sent');
    },
  );
});
