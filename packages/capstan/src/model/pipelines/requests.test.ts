import { beforeEach, describe, expect, it } from 'vitest';
import { describeDatabases } from '#database/testing';
import { FILES, openBench, type Bench } from './testing.ts';

describeDatabases('a request for a pipeline run', (open) => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await openBench(await open());
    await bench.write(FILES);
    await bench.apply();
  });

  it('is one run for one request key, and counts up else', async () => {
    const ids = await Promise.all([1, 2, 3].map(() => bench.start({ requestKey: 'cycle-1' })));
    expect(new Set(ids).size).toBe(1);
    const others = await Promise.all([1, 2].map(() => bench.start()));
    const numbers = (await bench.pipelines.list({ project: 'shop', limit: 10 })).items.map((run) => run.number);
    expect(numbers.toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
    for (const id of [...ids, ...others]) await bench.ended(id);
  });

  it('is listed newest first, page by page', async () => {
    await bench.write({ 'dvc.yaml': 'stages:\n  a: {cmd: "true"}\n' });
    for (let count = 0; count < 3; count++) await bench.run();
    const first = await bench.pipelines.list({ project: 'shop', limit: 2 });
    const rest = await bench.pipelines.list({ project: 'shop', limit: 2, cursor: first.nextCursor });
    expect([...first.items, ...rest.items].map((run) => run.number)).toEqual([3, 2, 1]);
    expect(rest.nextCursor).toBeUndefined();
    expect((await bench.pipelines.list({ status: 'failed', limit: 2 })).items).toEqual([]);
    await expect(bench.pipelines.list({ status: 'failed', limit: 2, cursor: first.nextCursor })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  describe('is refused at once', () => {
    it.each([
      ['a pipeline that is not valid', { 'dvc.yaml': 'stages:\n  a: {cmd: x, outz: []}\n' }, {}, 'INVALID_ARGUMENT'],
      ['a cycle', { 'dvc.yaml': 'stages:\n  a: {cmd: x, deps: [o], outs: [o]}\n' }, {}, 'INVALID_ARGUMENT'],
      ['what is not offered yet', { 'dvc.yaml': 'stages:\n  a: {cmd: x, deps: ["ds://d"]}\n' }, {}, 'NOT_IMPLEMENTED'],
      ['an unknown parameter', {}, { params: { 'params.yaml': { faktor: 3 } } }, 'INVALID_ARGUMENT'],
      ['an unknown dataset version', {}, { inputs: [{ datasetVersionId: 'dv_x' }] }, 'NOT_FOUND'],
      ['an unknown project', {}, { project: 'other' }, 'NOT_FOUND'],
    ])('%s', async (_what, files, request, code) => {
      await bench.write(files as Record<string, string>);
      await expect(bench.start(request)).rejects.toMatchObject({ code });
      expect((await bench.pipelines.list({ limit: 1 })).items).toEqual([]);
    });

    it.each([
      ['', 'CONFLICT'],
      ['pipeline: sub/dvc.yaml\n', 'INVALID_ARGUMENT'],
      ['pipeline: dvc.yaml\nexecutor: locale\n', 'INVALID_ARGUMENT'],
    ])('a project with the declaration %j', async (declaration, code) => {
      await bench.write({ 'sub/dvc.yaml': 'stages: {}\n' });
      await bench.apply(declaration);
      await expect(bench.start()).rejects.toMatchObject({ code });
    });
  });
});
