import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { startMlflow } from '../testing.ts';

type Server = Awaited<ReturnType<typeof startMlflow>>;
const STORE = '/api/2.0/mlflow-artifacts';

interface Created {
  readonly upload_id: string;
  readonly credentials: readonly { url: string; part_number: number; headers: object }[];
}

const post = (server: Server, path: string, body: object) =>
  server.send('POST', path, JSON.stringify(body), { 'content-type': 'application/json' });

async function begin(server: Server, folder: string, parts: number): Promise<Created> {
  const answer = await post(server, `${STORE}/mpu/create/${folder}`, { path: '/home/me/big.bin', num_parts: parts });
  expect(answer.status).toBe(200);
  return answer.json as Created;
}

async function sendPart(url: string, bytes: Uint8Array): Promise<string> {
  const answer = await fetch(url, { method: 'PUT', body: bytes });
  expect(answer.status).toBe(200);
  return answer.headers.get('etag') ?? '';
}

const pathOf = (url: string): string => new URL(url).pathname;

describe('a file in parts', () => {
  test('is there when it is complete, whole, and not before; the same completion again has no effect', async () => {
    const server = await startMlflow();
    const runId = await server.startRun();
    const folder = `0/${runId}/artifacts/models`;
    const bytes = randomBytes(300_000);
    const { upload_id: id, credentials } = await begin(server, folder, 3);
    expect(credentials.map((each) => each.part_number)).toEqual([1, 2, 3]);
    expect(credentials.every((each) => each.url.startsWith(`${server.url}${STORE}/mpu/parts/${id}/`))).toBe(true);
    const etags = new Map<number, string>();
    for (const { url, part_number: number } of credentials.toReversed()) {
      etags.set(number, await sendPart(url, bytes.subarray((number - 1) * 100_000, number * 100_000)));
    }
    expect((await server.get(`${STORE}/artifacts/${folder}/big.bin`)).status).toBe(404);
    const parts = credentials.map((each) => ({ ...each, etag: etags.get(each.part_number) }));
    const done = { path: 'big.bin', upload_id: id, parts };
    for (const _ of [1, 2]) {
      expect(await post(server, `${STORE}/mpu/complete/${folder}`, done)).toMatchObject({ status: 200, json: {} });
    }
    const back = await fetch(`${server.url}${STORE}/artifacts/${folder}/big.bin`);
    expect(Buffer.from(await back.arrayBuffer()).equals(bytes)).toBe(true);
    const late = await fetch(credentials[0]?.url ?? '', { method: 'PUT', body: 'x' });
    expect(late.status).toBe(400);
    expect(await post(server, `${STORE}/mpu/abort/${folder}`, done)).toMatchObject({ status: 200 });
    expect((await server.get(`${STORE}/artifacts/${folder}/big.bin`)).status).toBe(200);
  });

  test('is refused, and stays as it was, when a part is missing, another, doubled or out of order', async () => {
    const server = await startMlflow();
    const folder = `0/${await server.startRun()}/artifacts`;
    const { upload_id: id, credentials } = await begin(server, folder, 2);
    const [first = '', second = ''] = await Promise.all(
      credentials.map(({ url }, index) => sendPart(url, Buffer.from(`part ${index}`))),
    );
    const one = { part_number: 1, etag: first };
    const two = { part_number: 2, etag: second };
    const wrong = [
      [],
      [one],
      [two, one],
      [one, one],
      [one, two, { part_number: 3, etag: second }],
      [one, { part_number: 2, etag: first }],
      [one, { part_number: 2, etag: `"sha256:${'0'.repeat(64)}"` }],
      [one, { part_number: 2, etag: '../../../etc/passwd' }],
      [one, { part_number: 2 }],
    ];
    for (const parts of wrong) {
      const answer = await post(server, `${STORE}/mpu/complete/${folder}`, { path: 'big.bin', upload_id: id, parts });
      expect(answer, JSON.stringify(parts)).toMatchObject({
        status: 400,
        json: { error_code: 'INVALID_PARAMETER_VALUE' },
      });
    }
    const right = { path: 'big.bin', upload_id: id, parts: [one, two] };
    for (const other of [
      { ...right, path: 'other.bin' },
      { ...right, upload_id: '' },
    ]) {
      expect((await post(server, `${STORE}/mpu/complete/${folder}`, other)).status).toBe(400);
    }
    expect(
      (await post(server, `${STORE}/mpu/complete/${folder}`, { ...right, upload_id: 'x'.repeat(43) })).status,
    ).toBe(404);
    expect((await post(server, `${STORE}/mpu/complete/${folder}`, right)).status).toBe(200);
    expect((await server.get(`${STORE}/artifacts/${folder}/big.bin`)).text).toBe('part 0part 1');
  });

  test('aborted, it leaves nothing, and its addresses end', async () => {
    const server = await startMlflow();
    const folder = `0/${await server.startRun()}/artifacts`;
    const { upload_id: id, credentials } = await begin(server, folder, 1);
    const url = credentials[0]?.url ?? '';
    await sendPart(url, Buffer.from('x'));
    for (const _ of [1, 2]) {
      const answer = await post(server, `${STORE}/mpu/abort/${folder}`, { path: 'big.bin', upload_id: id });
      expect(answer).toMatchObject({ status: 200, json: {} });
    }
    expect((await fetch(url, { method: 'PUT', body: 'x' })).status).toBe(404);
    expect(await server.experiments.dropAbandonedUploads()).toBe(0);
  });

  test('takes no part that it has not: other numbers, other uploads, more than was announced', async () => {
    const server = await startMlflow();
    const folder = `0/${await server.startRun()}/artifacts`;
    const { upload_id: id } = await begin(server, folder, 2);
    const put = (path: string) => server.send('PUT', `${STORE}/mpu/parts/${path}`, 'x').then((answer) => answer.status);
    expect(await Promise.all([`${id}/0`, `${id}/3`, `${id}/-1`, `${id}/1e3`, `${id}/x`].map(put))).toEqual(
      Array.from({ length: 5 }, () => 400),
    );
    expect(await Promise.all([`${'x'.repeat(43)}/1`, `..%2f..%2fx/1`].map(put))).toEqual([404, 404]);
    for (const parts of [0, -1, 10_001]) {
      const answer = await post(server, `${STORE}/mpu/create/${folder}`, { path: 'a', num_parts: parts });
      expect([parts, answer.status]).toEqual([parts, 400]);
    }
    expect((await post(server, `${STORE}/mpu/create/0/nowhere/artifacts`, { path: 'a', num_parts: 1 })).status).toBe(
      404,
    );
    expect((await post(server, `${STORE}/mpu/create/${folder}`, { num_parts: 1 })).status).toBe(400);
  });
});

describe('signed links', () => {
  test('a download is of the bytes that were there when it was asked for, in ranges, and inert', async () => {
    const server = await startMlflow();
    const runId = await server.startRun();
    const place = `0/${runId}/artifacts/page.html`;
    await server.send('PUT', `${STORE}/artifacts/${place}`, '0123456789');
    const { json } = await server.get(`${STORE}/presigned/${place}`);
    const { url, headers, file_size: size } = json as { url: string; headers: object; file_size: number };
    expect([headers, size]).toEqual([{}, 10]);
    await server.send('PUT', `${STORE}/artifacts/${place}`, 'changed');
    const part = await fetch(url, { headers: { range: 'bytes=2-4' } });
    expect([part.status, await part.text()]).toEqual([206, '234']);
    expect(part.headers.get('content-disposition')).toContain('attachment; filename=page.html');
    expect(part.headers.get('content-security-policy')).toContain('sandbox');
    const body = { run_id: runId, path: 'page.html', expiration: 60 };
    const asked = (await post(server, '/api/2.0/mlflow/artifacts/presigned-download-url', body)).json as {
      presigned_url: string;
      file_size: number;
    };
    expect([await (await fetch(asked.presigned_url)).text(), asked.file_size]).toEqual(['changed', 7]);
    expect((await server.get(`${STORE}/presigned/0/${runId}/artifacts/none`)).status).toBe(404);
  });

  test('an upload stores under its own path; a link does one thing, unchanged, until it expires', async () => {
    const server = await startMlflow();
    const runId = await server.startRun();
    const ask = (body: object) => post(server, '/api/2.0/mlflow/artifacts/presigned-upload-url', body);
    const { presigned_url: url } = (await ask({ run_id: runId, path: 'a/b.txt' })).json as { presigned_url: string };
    expect((await fetch(url, { method: 'PUT', body: 'by link' })).status).toBe(200);
    expect((await server.get(`/get-artifact?run_id=${runId}&path=a/b.txt`)).text).toBe('by link');
    expect((await fetch(url)).status).toBe(403);
    const tampered = pathOf(url).replace(/links\/(.)/, (_all, first: string) => `links/${first === 'A' ? 'B' : 'A'}`);
    expect((await server.send('PUT', tampered, 'x')).status).toBe(403);
    expect((await server.send('PUT', `${STORE}/links/nonsense`, 'x')).status).toBe(403);
    for (const wrong of [
      { path: 'a' },
      { run_id: runId, model_id: 'm-1', path: 'a' },
      { run_id: runId },
      { run_id: runId, path: '../a' },
      { run_id: runId, path: 'a', expiration: 0 },
      { run_id: runId, path: 'a', expiration: 604_801 },
      { run_id: runId, path: 'a' },
    ]) {
      expect([wrong, (await ask(wrong)).status]).toEqual([wrong, 400]);
    }
    expect((await ask({ run_id: 'nowhere', path: 'x' })).status).toBe(404);
    const short = (await ask({ run_id: runId, path: 'c.txt', expiration: 1 })).json as { presigned_url: string };
    await new Promise((go) => setTimeout(go, 1_100));
    expect((await fetch(short.presigned_url, { method: 'PUT', body: 'x' })).status).toBe(403);
  });

  test('links name the address that the client has called', async () => {
    const server = await startMlflow();
    const runId = await server.startRun();
    const place = `0/${runId}/artifacts/a`;
    await server.send('PUT', `${STORE}/artifacts/${place}`, 'x');
    const { json } = await server.get(`${STORE}/presigned/${place}`, { 'x-forwarded-proto': 'https' });
    expect((json as { url: string }).url).toMatch(new RegExp(`^https://${new URL(server.url).host}/`));
  });
});
