import { expect, test } from 'vitest';
import { startMlflow } from '../testing.ts';

const STORE = '/api/2.0/mlflow-artifacts/artifacts';

test('a file goes in by its place and comes out by its place, its run and its model, always inert', async () => {
  const server = await startMlflow();
  const runId = await server.startRun();
  const place = `${STORE}/0/${runId}/artifacts`;
  const page = '<script>alert(1)</script>';
  expect(await server.send('PUT', `${place}/model/page.html`, page, { 'content-type': 'text/html' })).toMatchObject({
    status: 200,
    text: '',
  });
  await server.post('registered-models/create', { name: 'm' });
  await server.post('model-versions/create', { name: 'm', run_id: runId, source: `runs:/${runId}/model` });
  for (const path of [
    `${place}/model/page.html`,
    `/get-artifact?run_id=${runId}&path=model/page.html`,
    `/get-artifact?run_uuid=${runId}&path=model/page.html`,
    '/model-versions/get-artifact?name=m&version=1&path=page.html',
  ]) {
    const answer = await server.get(path);
    expect(answer, path).toMatchObject({ status: 200, text: page });
    expect(answer.headers.get('content-disposition'), path).toContain('attachment; filename=page.html');
    expect(answer.headers.get('content-security-policy'), path).toContain('sandbox');
    expect(answer.headers.get('x-content-type-options'), path).toBe('nosniff');
  }
  expect(await server.get(`${place}/model/page.html`, { range: 'bytes=1-6' })).toMatchObject({
    status: 206,
    text: 'script',
  });
  const head = await fetch(`${server.url}${place}/model/page.html`, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, String(page.length)]);
});

test('lists: base names by place, paths from the root by run; nothing for what is no folder', async () => {
  const server = await startMlflow();
  const runId = await server.startRun();
  const place = `0/${runId}/artifacts`;
  for (const path of ['a.txt', 'deep/b.txt', 'deep/er/c.txt'])
    await server.send('PUT', `${STORE}/${place}/${path}`, 'text');
  const byPlace = (path: string) => server.get(`${STORE}?path=${path}`).then((answer) => answer.json);
  expect(await byPlace(`${place}/deep`)).toEqual({
    files: [
      { path: 'b.txt', is_dir: false, file_size: 4 },
      { path: 'er', is_dir: true },
    ],
  });
  expect(await byPlace(`${place}/a.txt`)).toEqual({});
  expect(await byPlace(`${place}/none`)).toEqual({});
  expect(await byPlace('')).toEqual({});
  expect((await server.get(`/api/2.0/mlflow/artifacts/list?run_id=${runId}&path=deep`)).json).toEqual({
    root_uri: `mlflow-artifacts:/${place}`,
    files: [
      { path: 'deep/b.txt', is_dir: false, file_size: 4 },
      { path: 'deep/er', is_dir: true },
    ],
  });
});

test('a file is removed once and for all; again is no mistake', async () => {
  const server = await startMlflow();
  const place = `${STORE}/0/${await server.startRun()}/artifacts/a.txt`;
  await server.send('PUT', place, 'text');
  for (const _ of [1, 2]) expect(await server.send('DELETE', place, '')).toMatchObject({ status: 200, text: '{}' });
  expect(await server.get(place)).toMatchObject({ status: 404, json: { error_code: 'RESOURCE_DOES_NOT_EXIST' } });
});

test('files of a logged model are listed and read by its id', async () => {
  const server = await startMlflow();
  const { model } = (await server.post('logged-models', { experiment_id: '0' })).json as {
    model: { info: { model_id: string } };
  };
  const id = model.info.model_id;
  await server.send('PUT', `${STORE}/0/models/${id}/artifacts/MLmodel`, 'flavors: {}');
  expect((await server.get(`/api/2.0/mlflow/logged-models/${id}/artifacts/directories`)).json).toEqual({
    root_uri: `mlflow-artifacts:/0/models/${id}/artifacts`,
    files: [{ path: 'MLmodel', is_dir: false, file_size: 11 }],
  });
  const file = await server.get(`/ajax-api/2.0/mlflow/logged-models/${id}/artifacts/files?artifact_file_path=MLmodel`);
  expect(file.text).toBe('flavors: {}');
});

test('a place outside every run, and a file where a folder is, are refused', async () => {
  const server = await startMlflow();
  const runId = await server.startRun();
  expect((await server.send('PUT', `${STORE}/elsewhere/a.txt`, 'x')).status).toBe(404);
  expect((await server.send('PUT', `${STORE}/1/${runId}/artifacts/a.txt`, 'x')).status).toBe(404);
  await server.send('PUT', `${STORE}/0/${runId}/artifacts/a/b.txt`, 'x');
  expect((await server.send('PUT', `${STORE}/0/${runId}/artifacts/a`, 'x')).status).toBe(400);
  expect((await server.get(`/get-artifact?run_id=${runId}&path=a`)).status).toBe(400);
  expect((await server.get(`/get-artifact?run_id=${runId}`)).status).toBe(400);
});
