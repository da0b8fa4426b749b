// Every spelling of a way out, on every call that takes a path: nothing outside is read, listed, written or removed.
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startMlflow, type MlflowServer } from '../testing.ts';

const STORE = '/api/2.0/mlflow-artifacts';
const CANARY = 'the canary sings';

/** As they stand in an address; `CANARY` is the absolute path of a file outside, `SIBLING` one beside the store. */
const spellings = [
  '../../../CANARY',
  '..%2f..%2f..%2fCANARY',
  '%2e%2e/%2e%2e/secret',
  '%2e%2e%2f%2e%2e%2fsecret',
  '%252e%252e/%252e%252e/secret',
  '%252e%252e%252fsecret',
  '%25252e%25252e%25252fsecret',
  'a/../../../secret',
  'a/./b',
  './a',
  '..',
  '%2e%2e',
  'a/..',
  '..%5c..%5csecret',
  'a%5Cb',
  'C:%5CWindows%5Cwin.ini',
  'C:/Windows/win.ini',
  '%2fCANARY',
  '/CANARY',
  '//CANARY',
  '%2f%2fCANARY',
  'a//b',
  'a%00b',
  'CANARY%00.txt',
  'a%23b',
  '%23/../secret',
  'a%0d%0aset-cookie:%20x=1',
  '%c0%ae%c0%ae/secret',
  'SIBLING',
  'file:%2f%2fCANARY',
  `${'a'.repeat(256)}`,
  `${'a/'.repeat(600)}b`,
];

/** Those that are plain names once decoded: they may be stored, as names, and nowhere else. */
const harmless = new Set(['SIBLING', 'file:%2f%2fCANARY', '%c0%ae%c0%ae/secret']);

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: IncomingMessage['headers'];
}

interface Call {
  readonly name: string;
  ask(bench: Bench, trick: string): Promise<Answer>;
}

interface Bench {
  readonly server: MlflowServer;
  readonly runId: string;
  /** Parent of the server's folder of bytes, with a canary beside it. */
  readonly outside: string;
}

/** Sends the path as it is: `fetch` would resolve its dots first. */
async function exactly(server: MlflowServer, method: string, path: string, body = ''): Promise<Answer> {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const request = httpRequest(new URL(server.url), { method, path, headers }).end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, text: await text(response), headers: response.headers };
}

const place = ({ runId }: Bench): string => `0/${runId}/artifacts`;
const byPlace = (method: string, prefix: string, body = '') => ({
  name: `${method} ${prefix}`,
  ask: (bench: Bench, trick: string) =>
    exactly(bench.server, method, `${STORE}/${prefix}/${place(bench)}/${trick}`, body),
});
const byQuery = (method: string, path: (bench: Bench) => string, name: string, body = '') => ({
  name: `${method} ${name}`,
  ask: (bench: Bench, trick: string) => exactly(bench.server, method, path(bench) + trick, body),
});
const decoded = (trick: string): string => {
  try {
    return decodeURIComponent(trick);
  } catch {
    return trick;
  }
};

const mpuBody = (path: string): string => JSON.stringify({ path, num_parts: 1, upload_id: 'x'.repeat(43), parts: [] });

const calls: readonly Call[] = [
  byPlace('GET', 'artifacts'),
  byPlace('HEAD', 'artifacts'),
  byPlace('PUT', 'artifacts', 'evil'),
  byPlace('DELETE', 'artifacts'),
  byPlace('GET', 'presigned'),
  byPlace('POST', 'mpu/create', mpuBody('f')),
  byPlace('POST', 'mpu/complete', mpuBody('f')),
  byPlace('POST', 'mpu/abort', mpuBody('f')),
  byQuery('GET', (bench) => `${STORE}/artifacts?path=${place(bench)}/`, 'list by place'),
  byQuery('GET', ({ runId }) => `/api/2.0/mlflow/artifacts/list?run_id=${runId}&path=`, 'artifacts/list'),
  byQuery('GET', ({ runId }) => `/get-artifact?run_id=${runId}&path=`, 'get-artifact'),
  byQuery('GET', () => '/model-versions/get-artifact?name=m&version=1&path=', 'model-versions/get-artifact'),
  byQuery(
    'POST',
    ({ runId }) => `/ajax-api/2.0/mlflow/upload-artifact?run_uuid=${runId}&path=`,
    'upload-artifact',
    'evil',
  ),
  {
    name: 'POST presigned-upload-url',
    ask: ({ server, runId }, trick) =>
      exactly(
        server,
        'POST',
        '/api/2.0/mlflow/artifacts/presigned-upload-url',
        JSON.stringify({ run_id: runId, path: decoded(trick) }),
      ),
  },
  {
    name: 'POST mpu/create by its body',
    ask: (bench, trick) =>
      exactly(bench.server, 'POST', `${STORE}/mpu/create/${place(bench)}`, mpuBody(`${decoded(trick)}/..`)),
  },
];

async function startBench(): Promise<Bench> {
  const server = await startMlflow();
  const runId = await server.startRun();
  await server.send('PUT', `${STORE}/artifacts/0/${runId}/artifacts/model/a.txt`, 'inside');
  await server.post('registered-models/create', { name: 'm' });
  await server.post('model-versions/create', { name: 'm', run_id: runId, source: `runs:/${runId}/model` });
  return { server, runId, outside: server.folder };
}

describe('a way out of the store', () => {
  test('none, by any spelling, on any call', async () => {
    const bench = await startBench();
    const far = await mkdtemp(join(tmpdir(), 'capstan-canary-'));
    onTestFinished(() => rm(far, { recursive: true, force: true }));
    const canaries = [join(far, 'secret'), join(bench.outside, 'secret'), join(bench.outside, 'blobs-evil')];
    for (const canary of canaries) await writeFile(canary, CANARY);
    const before = [await readdir(bench.outside), await readdir(far)];
    expect(spellings.length).toBeGreaterThanOrEqual(18);

    for (const { name, ask } of calls) {
      for (const spelling of spellings) {
        const trick = spelling
          .replace(
            'CANARY',
            join(far, 'secret')
              .slice(1)
              .replaceAll('/', spelling.includes('%2f') ? '%2f' : '/'),
          )
          .replace('SIBLING', '0-evil');
        const answer = await ask(bench, trick);
        const what = `${name} ${spelling}`;
        expect(answer.text, what).not.toContain(CANARY);
        expect(answer.headers['set-cookie'], what).toBeUndefined();
        expect(answer.status, what).toBeLessThan(500);
        if (!harmless.has(spelling)) expect(answer.status, what).toBeGreaterThanOrEqual(400);
      }
    }
    for (const canary of canaries) expect(await readFile(canary, 'utf8')).toBe(CANARY);
    expect([await readdir(bench.outside), await readdir(far)]).toEqual(before);
    const kept = await bench.server.experiments.listArtifacts({ kind: 'run', id: bench.runId }, '');
    expect(
      kept.map((entry) => entry.path).filter((path) => /secret|passwd|evil$/.test(path) && path !== '0-evil'),
    ).toEqual([]);
  }, 120_000);

  test('not into what lies beside a root with its name as the beginning', async () => {
    const bench = await startBench();
    const other = await bench.server.startRun();
    for (const root of [
      `0/${bench.runId}x/artifacts`,
      `0/${bench.runId}/artifacts-evil`,
      `00/${bench.runId}/artifacts`,
    ]) {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const answer = await exactly(
          bench.server,
          method,
          `${STORE}/artifacts/${root}/a.txt`,
          method === 'PUT' ? 'x' : '',
        );
        expect([method, root, answer.status]).toEqual([method, root, 404]);
      }
    }
    expect((await exactly(bench.server, 'GET', `${STORE}/artifacts/0/${other}/artifacts/model/a.txt`)).status).toBe(
      404,
    );
  });

  test('not by a link that was planted in the store', async () => {
    const bench = await startBench();
    const blobs = join(bench.outside, 'blobs', 'sha256');
    const canary = join(bench.outside, 'secret');
    await writeFile(canary, CANARY);
    const [shard = ''] = await readdir(blobs);
    const [name = ''] = await readdir(join(blobs, shard));
    await rm(join(blobs, shard, name));
    await symlink(canary, join(blobs, shard, name));
    const path = `${STORE}/artifacts/${place(bench)}/model/a.txt`;
    for (const range of [{}, { range: 'bytes=0-5' }]) {
      const answer = await bench.server.get(path, range);
      expect([answer.status, answer.text.includes('canary')]).toEqual([500, false]);
    }
    await rm(join(blobs, shard, name));
    await mkdir(join(bench.outside, 'evil'));
    await writeFile(join(bench.outside, 'evil', name), CANARY);
    await rename(join(blobs, shard), join(bench.outside, 'gone'));
    await symlink(join(bench.outside, 'evil'), join(blobs, shard));
    const answer = await bench.server.get(path, { range: 'bytes=0-5' });
    expect([answer.status, answer.text.includes('canary')]).toEqual([500, false]);
  });
});

describe('what browsers make of a file', () => {
  test.each([
    'page.html',
    'page.xhtml',
    'image.svg',
    'script.js',
    'module.mjs',
    'style.css',
    'feed.xml',
    'doc.pdf',
    'data.json',
    'book.ipynb',
    'no-type',
    'x.html;.txt',
    'quote".html',
    "semi;filename='x'.html",
    'größe-模型.html',
    '%22%0d%0a.txt',
  ])('%s is inert on every route, and its name adds no header', async (name) => {
    const bench = await startBench();
    const encoded = encodeURIComponent(name);
    const page = '<script>alert(1)</script>';
    const put = await exactly(bench.server, 'PUT', `${STORE}/artifacts/${place(bench)}/${encoded}`, page);
    if (/%0d/i.test(name)) {
      expect(put.status).toBe(400);
      return;
    }
    expect(put.status).toBe(200);
    const { url } = (await bench.server.get(`${STORE}/presigned/${place(bench)}/${encoded}`)).json as { url: string };
    for (const path of [
      `${STORE}/artifacts/${place(bench)}/${encoded}`,
      `/get-artifact?run_id=${bench.runId}&path=${encoded}`,
      new URL(url).pathname,
    ]) {
      const answer = await bench.server.get(path, { accept: 'text/html' });
      expect([answer.status, answer.text]).toEqual([200, page]);
      expect(answer.headers.get('content-disposition')).toMatch(
        /^attachment; filename=([\w!#$&+.^`|~-]+|"[\x20-\x21\x23-\x7e]*")(; filename\*=UTF-8''[\w%.~-]+)?$/,
      );
      expect(answer.headers.get('content-security-policy')).toBe("sandbox; default-src 'none'");
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(answer.headers.get('set-cookie')).toBeNull();
    }
  });
});
