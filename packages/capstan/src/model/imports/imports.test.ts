import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createBlobFs } from '#adapters/blob-fs';
import type { Database } from '#database';
import { describeDatabases } from '#database/testing';
import { createEvents } from '#events';
import { createJobs } from '#jobs';
import { createExperiments } from '#model/experiments';
import { randomIds } from '#ports/ids';
import { createImports } from './index.ts';

const cause = { actor: 'test' };
const source = 'file:///mlruns';

async function openBench(database: Database) {
  const folder = await mkdtemp(join(tmpdir(), 'capstan-imports-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const foundation = { database, clock: { now: () => 1_700_000_000_000 }, ids: randomIds };
  const jobs = createJobs(foundation);
  const events = createEvents({ ...foundation, jobs });
  const blobs = await createBlobFs({ root: folder });
  const experiments = createExperiments({ ...foundation, events, jobs, blobs });
  await experiments.ensureDefaultExperiment(cause);
  return { database, events, experiments };
}
const foreign = (sourceId: string, name: string) => ({
  sourceId,
  name,
  lifecycle: 'active' as const,
  createdAt: 1,
  updatedAt: 2,
  tags: [{ key: 'team', value: 'ops' }],
});

describeDatabases('the memory of imports', (open) => {
  test('what is here whole is not pending until its mark changes, for each source and kind by itself', async () => {
    const imports = createImports(await openBench(await open()));
    const items = [
      { id: 'a', mark: '1' },
      { id: 'b', mark: '1' },
    ];
    await imports.done({ source, kind: 'run', items });
    expect(await imports.pending({ source, kind: 'run', items: [...items, { id: 'c', mark: '1' }] })).toEqual(['c']);
    expect(await imports.pending({ source, kind: 'run', items: [{ id: 'a', mark: '2' }] })).toEqual(['a']);
    expect(await imports.pending({ source: 'else', kind: 'run', items })).toEqual(['a', 'b']);
    expect(await imports.pending({ source, kind: 'logged-model', items })).toEqual(['a', 'b']);
  });

  test('an experiment that was brought stays the same one, renamed here or there', async () => {
    const bench = await openBench(await open());
    const imports = createImports(bench);
    const place = (name: string, isDryRun = false) =>
      imports.placeExperiments({ source, experiments: [foreign('848789554858382038', name)], isDryRun, cause });
    expect(await place('ex', true)).toMatchObject([{ id: '1', how: 'renumbered' }]);
    await expect(bench.experiments.getExperiment('1')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await place('ex')).toMatchObject([{ id: '1', how: 'renumbered' }]);
    expect(await bench.experiments.getExperiment('1')).toMatchObject({
      createdAt: 1,
      updatedAt: 2,
      tags: [{ key: 'team', value: 'ops' }],
    });
    await bench.experiments.renameExperiment({ id: '1', name: 'mine', cause });
    expect(await place('ex, renamed')).toMatchObject([{ id: '1', how: 'known' }]);
  });

  test('its start and its end are facts with their source', async () => {
    const bench = await openBench(await open());
    const imports = createImports(bench);
    await imports.start({ source, kind: 'folder', cause });
    await imports.finish({ source, counts: { runs: 3 }, refused: 1, cause });
    const facts = await bench.events.list({ limit: 10 });
    expect(
      facts.filter((fact) => fact.subject === `import:${source}`).map(({ type, payload }) => [type, payload]),
    ).toEqual(
      expect.arrayContaining([
        ['import.started', { source, kind: 'folder' }],
        ['import.ended', { source, counts: { runs: 3 }, refused: 1 }],
      ]),
    );
  });
});
