import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import { attachmentReply, framedReply } from '#http';
import type { LentBytes } from '#ports/blob-store';
import { parseArtifactPath, parseArtifactUri } from './artifact-path.ts';
import { previewOf } from './artifact-preview.ts';
import type { ArtifactFile } from '../model.ts';
import { cause, openBench, type Bench } from '../testing.ts';

async function put(bench: Bench, runId: string, path: string, content: string) {
  return await bench.experiments.putArtifact({
    owner: { kind: 'run', id: runId },
    path,
    bytes: Buffer.from(content),
    cause,
  });
}

function lent(bytes: Buffer): LentBytes {
  return {
    async *[Symbol.asyncIterator]() {
      yield bytes;
    },
    close: async () => {},
  };
}

describeDatabases('artifacts', (open) => {
  test('files are stored, listed by folder, read and replaced', async () => {
    const bench = await openBench(await open());
    const runId = await bench.startRun();
    const owner = { kind: 'run', id: runId } as const;
    await put(bench, runId, 'a.txt', 'one');
    await put(bench, runId, 'dir/b.txt', 'two');
    await put(bench, runId, 'dir/deep/c.txt', 'three');
    await put(bench, runId, 'dir2/%_.txt', 'four');
    const names = async (folder: string) =>
      (await bench.experiments.listArtifacts(owner, folder)).map((entry) => `${entry.kind} ${entry.path}`);
    expect(await names('')).toEqual(['file a.txt', 'folder dir', 'folder dir2']);
    expect(await names('dir')).toEqual(['file dir/b.txt', 'folder dir/deep']);
    expect(await names('dir/')).toEqual(['file dir/b.txt', 'folder dir/deep']);
    expect(await names('none')).toEqual([]);
    expect(await names('a.txt')).toEqual([]);

    await put(bench, runId, 'a.txt', 'changed');
    const file = await bench.experiments.findArtifact(owner, 'a.txt');
    expect(await text(await bench.experiments.readArtifact(file))).toBe('changed');
    expect(await text(await bench.experiments.readArtifact(file, { start: 1, end: 3 }))).toBe('han');
    await expect(bench.experiments.findArtifact(owner, 'dir')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(bench.experiments.findArtifact(owner, 'none')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('the same bytes again leave no fact', async () => {
    const bench = await openBench(await open());
    const runId = await bench.startRun();
    await put(bench, runId, 'a.txt', 'one');
    const before = await bench.facts();
    await put(bench, runId, 'a.txt', 'one');
    expect(await bench.facts()).toEqual(before);
  });

  test('a path is a file or a folder, never both', async () => {
    const bench = await openBench(await open());
    const runId = await bench.startRun();
    await put(bench, runId, 'dir/b.txt', 'two');
    await expect(put(bench, runId, 'dir', 'x')).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(put(bench, runId, 'dir/b.txt/c', 'x')).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  test('nothing is kept of an upload that breaks', async () => {
    const bench = await openBench(await open());
    const id = await bench.startRun();
    const broken = new Readable({
      read() {
        this.push('half');
        this.destroy(new Error('the caller hung up'));
      },
    });
    await expect(
      bench.experiments.putArtifact({ owner: { kind: 'run', id }, path: 'a', bytes: broken, cause }),
    ).rejects.toThrow('hung up');
    expect(await bench.experiments.listArtifacts({ kind: 'run', id }, '')).toEqual([]);
  });

  test('removing is idempotent and takes folders', async () => {
    const bench = await openBench(await open());
    const runId = await bench.startRun();
    const owner = { kind: 'run', id: runId } as const;
    for (const path of ['dir/a', 'dir/b/c', 'dir2', 'x']) await put(bench, runId, path, path);
    await bench.experiments.removeArtifact({ owner, path: 'dir', cause });
    await bench.experiments.removeArtifact({ owner, path: 'dir', cause });
    expect((await bench.experiments.listArtifacts(owner, '')).map((entry) => entry.path)).toEqual(['dir2', 'x']);
    await bench.experiments.removeArtifact({ owner, path: '', cause });
    expect(await bench.experiments.listArtifacts(owner, '')).toEqual([]);
    expect((await bench.facts()).filter((type) => type === 'run.artifact-removed')).toHaveLength(2);
  });

  test('places of the proxy belong to a run or logged model', async () => {
    const bench = await openBench(await open());
    const runId = await bench.startRun();
    const model = await bench.experiments.createLoggedModel({ experimentId: '0', cause });
    const custom = await bench.experiments.createExperiment({
      name: 'c',
      artifactLocation: 'mlflow-artifacts:/my/place',
      cause,
    });
    const elsewhere = await bench.experiments.createRun({ experimentId: custom.id, cause });
    const locate = (place: string) => bench.experiments.locateArtifact(place);
    expect(await locate(`0/${runId}/artifacts/a/b`)).toEqual({
      owner: { kind: 'run', id: runId },
      root: `0/${runId}/artifacts`,
      path: 'a/b',
    });
    expect(await locate(`0/models/${model.id}/artifacts`)).toMatchObject({
      owner: { kind: 'logged-model', id: model.id },
      path: '',
    });
    expect(await locate(`my/place/${elsewhere.id}/artifacts/x`)).toMatchObject({
      owner: { kind: 'run', id: elsewhere.id },
      path: 'x',
    });
    const strangers = [
      '',
      'a',
      '0/x/artifacts/y',
      `1/${runId}/artifacts/y`,
      `0/models/${runId}/artifacts/y`,
      `${runId}/artifacts/y`,
    ];
    for (const place of strangers) {
      await expect(locate(place), place).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
  });
});

describe('artifact paths', () => {
  test.each(['a', 'a/b.txt', 'a b/c%20d', '100%.txt', 'größe/模型', '.hidden', 'a..b/...c', 'x'.repeat(255)])(
    'takes %j',
    (path) => {
      expect(parseArtifactPath(path).join('/')).toBe(path);
    },
  );

  test.each([
    '',
    '/',
    '/etc/passwd',
    '//etc/passwd',
    'a//b',
    'a/',
    '.',
    '..',
    'a/../b',
    'a/..',
    '%2e%2e/a',
    '..%2fa',
    '%252e%252e/a',
    '%2fetc/passwd',
    'a\\..\\b',
    'C:\\x',
    'c:/x',
    'a\0b',
    'a%00b',
    'a\nb',
    'a#b',
    'x'.repeat(256),
    'a/'.repeat(600),
    '\ud800',
    `%${'25'.repeat(20)}2e`,
  ])('refuses %j', (path) => {
    expect(() => parseArtifactPath(path)).toThrow('Invalid path');
  });

  test('URIs name no server', () => {
    expect(parseArtifactUri('mlflow-artifacts:/1/a/artifacts')).toEqual(['1', 'a', 'artifacts']);
    expect(parseArtifactUri('s3://x')).toBeUndefined();
    for (const uri of [
      'mlflow-artifacts://host/a',
      'mlflow-artifacts:a',
      'mlflow-artifacts:/a?x=1',
      'mlflow-artifacts:/a/../b',
    ]) {
      expect(() => parseArtifactUri(uri)).toThrow('Invalid path');
    }
  });
});

describe('artifact replies', () => {
  const content = Buffer.from('0123456789');
  const file: ArtifactFile = { path: 'dir/größe "x".html', digest: `sha256:${'0'.repeat(64)}`, sizeBytes: 10 };
  const read = async (_file: ArtifactFile, range?: { start: number; end: number }) =>
    lent(range ? content.subarray(range.start, range.end + 1) : content);
  const ask = async (headers: Record<string, string> = {}, method = 'GET') => {
    const reply = await attachmentReply({ method, headers }, file, read);
    return { ...reply, text: typeof reply.body === 'string' ? reply.body : await text(reply.body as LentBytes) };
  };

  test('are inert', async () => {
    const { headers, text, status } = await ask();
    expect([status, text]).toEqual([200, '0123456789']);
    expect(headers).toMatchObject({
      'content-type': 'text/html',
      'content-disposition': `attachment; filename="gr__e _x_.html"; filename*=UTF-8''gr%C3%B6%C3%9Fe%20%22x%22.html`,
      'content-security-policy': "sandbox; default-src 'none'",
      'x-content-type-options': 'nosniff',
      'content-length': '10',
    });
  });

  test.each([
    ['MLmodel', 'text/plain', 'MLmodel'],
    ['mlproject', 'text/plain', 'mlproject'],
    ['train.CFG', 'text/plain', 'train.CFG'],
    ['notes.rst', 'text/x-rst', 'notes.rst'],
    ['a+step+1.png', 'image/png', 'a+step+1.png'],
    ['model.pkl', 'application/octet-stream', 'model.pkl'],
    ['two words.pdf', 'application/pdf', '"two words.pdf"'],
    ['50%.csv', 'text/csv', `50_.csv; filename*=UTF-8''50%25.csv`],
  ])('%s is sent as %s under its name', async (name, type, written) => {
    const { headers } = await attachmentReply({ method: 'GET', headers: {} }, { ...file, path: `dir/${name}` }, read);
    expect(headers).toMatchObject({ 'content-type': type, 'content-disposition': `attachment; filename=${written}` });
  });

  test.each([
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-2', 206, '89', 'bytes 8-9/10'],
    ['bytes=0-99', 206, '0123456789', 'bytes 0-9/10'],
    ['bytes=10-', 416, '', 'bytes */10'],
    ['bytes=1-2,4-5', 200, '0123456789', undefined],
    ['bytes=5-2', 200, '0123456789', undefined],
    ['lines=1-2', 200, '0123456789', undefined],
  ])('range %s gives %i', async (range, status, text, contentRange) => {
    const reply = await ask({ range });
    expect([reply.status, reply.text, reply.headers?.['content-range']]).toEqual([status, text, contentRange]);
  });

  test('HEAD has no body, a known ETag neither', async () => {
    const head = await ask({}, 'HEAD');
    expect([head.status, head.body, head.headers?.['content-length']]).toEqual([200, '', '10']);
    for (const known of [`"${file.digest}"`, `W/"${file.digest}"`, `"other", "${file.digest}"`, '*']) {
      expect((await ask({ 'if-none-match': known })).status, known).toBe(304);
    }
    expect((await ask({ 'if-none-match': '"other"' })).status).toBe(200);
    expect((await ask({ range: 'bytes=0-1', 'if-range': `"${file.digest}"` })).status).toBe(206);
    expect((await ask({ range: 'bytes=0-1', 'if-range': '"other"' })).status).toBe(200);
  });

  test('an HTML file is framed without origin and without any way out; nothing else is framed', async () => {
    const read = async () => lent(Buffer.from('<p>'));
    const request = { method: 'GET', headers: {} };
    const { status, headers } = await framedReply(request, { ...file, path: 'plot.html' }, read);
    const policy = headers?.['content-security-policy'] ?? '';
    expect({ status, type: headers?.['content-type'], frame: headers?.['x-frame-options'] }).toEqual({
      status: 200,
      type: 'text/html; charset=utf-8',
      frame: 'SAMEORIGIN',
    });
    expect(policy.split('; ')).toEqual(
      expect.arrayContaining(['sandbox allow-scripts', "default-src 'none'", "form-action 'none'"]),
    );
    expect(policy).not.toMatch(/allow-same-origin|connect-src|allow-top|allow-popups/);
    await expect(framedReply(request, { ...file, path: 'a.svg' }, read)).rejects.toMatchObject({ field: 'path' });
  });

  test('previews are the head as text, or say that it is none', async () => {
    const euro = Buffer.from('12€');
    const from = (bytes: Buffer) => async (_: ArtifactFile, range?: { start: number; end: number }) =>
      lent(bytes.subarray(range?.start ?? 0, (range?.end ?? bytes.length) + 1));
    const sized = (sizeBytes: number) => ({ ...file, path: 'a.json', sizeBytes });
    expect(await previewOf(sized(5), { start: 0, bytes: 4 }, from(euro))).toMatchObject({
      text: '12',
      isWhole: false,
      mediaType: 'application/json',
    });
    expect(await previewOf(sized(5), { start: 0, bytes: 5 }, from(euro))).toMatchObject({ text: '12€', isWhole: true });
    expect(await previewOf(sized(5), { start: 2, bytes: 9 }, from(euro))).toEqual({
      ...(await previewOf(sized(5), { start: 0, bytes: 5 }, from(euro))),
      text: '€',
      isWhole: false,
    });
    expect(await previewOf(sized(0), { start: 0, bytes: 5 }, from(Buffer.alloc(0)))).toMatchObject({
      text: '',
      isWhole: true,
    });
    expect(await previewOf(sized(2), { start: 0, bytes: 5 }, from(Buffer.from([0xff, 0xfe])))).toMatchObject({
      text: null,
    });
    expect(await previewOf(sized(2), { start: 0, bytes: 5 }, from(Buffer.from([65, 0])))).toMatchObject({ text: null });
  });
});
