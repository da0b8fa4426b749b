import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { describeDatabases } from '#database/testing';
import { FILES, logOf, openBench, stageOf, TWO_STAGES, whyOf, type Bench } from './testing.ts';

describeDatabases('stored results of a pipeline', (open) => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await openBench(await open());
    await bench.write(FILES);
    await bench.apply();
  });

  it('does not run again what has not changed, and says so', async () => {
    const first = await bench.run();
    const again = await bench.run();
    expect(whyOf(first)).toEqual([
      ['prepare', 'succeeded', false, ['first-run']],
      ['train', 'succeeded', false, ['first-run']],
    ]);
    expect(whyOf(again)).toEqual([
      ['prepare', 'succeeded', true, ['same']],
      ['train', 'succeeded', true, ['same']],
    ]);
    expect(again.number).toBe(2);
    expect(stageOf(again, 'train')).toMatchObject({ runId: stageOf(first, 'train').runId, attempts: [] });
    expect(stageOf(again, 'train').why[0]?.text).toBe(
      `nothing changed since ${stageOf(first, 'train').attempts[0]?.id}`,
    );
    for (const path of ['out/table.txt', 'model/weights', 'model/deep/b', 'metrics.json', 'dvc.lock']) {
      const files = await Promise.all([first, again].map((run) => readFile(join(bench.workspace(run), path))));
      expect(files[1]).toEqual(files[0]);
    }
    const [end] = (await bench.events.list({ type: 'pipeline-run.ended', limit: 10 })).slice(-1);
    expect(end?.payload['runIds']).toEqual(first.stages.map((stage) => stage.runId));
  });

  it('runs what a change reaches and nothing else, and says which change', async () => {
    await bench.run();
    await bench.write({ 'train.sh': `${FILES['train.sh']}# comment\n` });
    const changedCode = await bench.run();
    expect(whyOf(changedCode)).toEqual([
      ['prepare', 'succeeded', true, ['same']],
      ['train', 'succeeded', false, ['input']],
    ]);
    expect(stageOf(changedCode, 'train').why[0]).toMatchObject({ subject: 'train.sh' });

    const changedParam = await bench.run({ params: { 'params.yaml': { factor: 3 } } });
    expect(whyOf(changedParam)).toEqual([
      ['prepare', 'succeeded', false, ['param']],
      ['train', 'succeeded', false, ['input']],
    ]);
    expect(stageOf(changedParam, 'prepare').why[0]?.text).toBe('params.yaml:factor changed from 2 to 3');
    expect(await readFile(join(bench.workspace(changedParam), 'params.yaml'), 'utf8')).toBe(
      'factor: 3 # of all numbers\n',
    );
    expect(await readFile(join(bench.project, 'params.yaml'), 'utf8')).toBe(FILES['params.yaml']);

    // The numbers are others, but what is made of them is the same: what reads it need not run.
    await bench.write({ 'in.txt': '01\n02\n03\n' });
    expect(whyOf(await bench.run())).toEqual([
      ['prepare', 'succeeded', false, ['input', 'param']],
      ['train', 'succeeded', true, ['same']],
    ]);
  });

  it('takes back an older result when things are again as they were', async () => {
    await bench.run();
    await bench.run({ params: { 'params.yaml': { factor: 3 } } });
    expect(whyOf(await bench.run())).toEqual([
      ['prepare', 'succeeded', true, ['same']],
      ['train', 'succeeded', true, ['same']],
    ]);
  });

  it('runs a stage again when its stored outputs are gone or damaged', async () => {
    const first = await bench.run();
    const { digest } = await bench.blobs.put(await readFile(join(bench.workspace(first), 'model/deep/b')));
    await bench.blobs.delete(digest);
    const missing = await bench.run();
    expect(whyOf(missing)[1]).toEqual(['train', 'succeeded', false, ['lost-output']]);
    expect(stageOf(missing, 'train').why[0]?.subject).toBe('model');

    const file = await bench.blobs.localFile(digest);
    await chmod(file, 0o644);
    await writeFile(file, 'xx');
    expect(whyOf(await bench.run())[1]).toEqual(['train', 'succeeded', false, ['lost-output']]);
  });

  it('puts back what an output that is built up had before', async () => {
    await bench.write({
      'dvc.yaml':
        'stages:\n  a:\n    cmd: cat n.txt >> sum.txt\n    deps: [n.txt]\n    outs: [sum.txt: {persist: true}]\n',
      'n.txt': '1\n',
    });
    await bench.run();
    await bench.write({ 'n.txt': '2\n' });
    const second = await bench.run();
    expect(await readFile(join(bench.workspace(second), 'sum.txt'), 'utf8')).toBe('1\n2\n');
    await bench.write({ 'n.txt': '1\n' });
    const third = await bench.run();
    expect(await readFile(join(bench.workspace(third), 'sum.txt'), 'utf8')).toBe('1\n2\n1\n');
    expect(whyOf(await bench.run())[0]).toEqual(['a', 'succeeded', true, ['same']]);
  });

  it('leaves a frozen stage as it is, and runs one that is always changed', async () => {
    await bench.run();
    await bench.write({
      'dvc.yaml': TWO_STAGES.replace('desc: doubles', 'frozen: true\n    desc: doubles').replace(
        'cmd: sh train.sh',
        'always_changed: true\n    cmd: sh train.sh',
      ),
      'in.txt': '7\n',
    });
    expect(whyOf(await bench.run())).toEqual([
      ['prepare', 'succeeded', true, ['frozen']],
      ['train', 'succeeded', false, ['always']],
    ]);
  });

  it('takes the outputs of a frozen stage that never ran from the project, or says that there are none', async () => {
    await bench.write({ 'dvc.yaml': TWO_STAGES.replace('desc: doubles', 'frozen: true\n    desc: doubles') });
    expect((await bench.run()).reason).toContain(
      'it is frozen, and an output of it is neither stored nor in the project',
    );
    await bench.write({ 'out/table.txt': '9\n' });
    const run = await bench.run();
    expect(whyOf(run)[0]).toEqual(['prepare', 'succeeded', true, ['frozen']]);
    expect(await logOf(bench, run, 'train')).toContain('trained on 9');
  });
});
