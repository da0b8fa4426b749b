// The ledger on real databases, projects and facts; what the modules above have recorded is told by the test.
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Database } from '#database';
import { describeDatabases } from '#database/testing';
import { createProjects } from '#design/projects';
import { createEvents } from '#events';
import { createJobs } from '#jobs';
import { randomIds } from '#ports/ids';
import { createDebt, type DebtDeps } from './index.ts';

const cause = { actor: 'test' };
const START = Date.parse('2013-04-01T00:00:00Z');
const DECLARATION = `project: shop
charter:
  owner: sales
  decision: none
  value: {currency: USD, true_positive: 1, false_positive: -1, false_negative: -1, true_negative: 0}
`;

async function setup(database: Database) {
  let now = START;
  let run: { readonly gitCommit: string | null } | undefined;
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'capstan-debt-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const clock = { now: () => now };
  const jobs = createJobs({ database, clock, ids: randomIds });
  const events = createEvents({ database, jobs, clock, ids: randomIds });
  const projects = createProjects({ database, events, clock });
  await projects.apply({ folder, text: DECLARATION, dryRun: false, cause });
  const pipelines = {
    list: async () => ({ items: run ? [{ id: 'pr_1', createdAt: START }] : [] }),
    get: async () => ({ id: 'pr_1', gitCommit: run?.gitCommit ?? null, inputs: [] }),
  } as unknown as DebtDeps['pipelines'];
  const nothing = {
    registry: { searchVersions: async () => ({ versions: [] }), modelFiles: untold },
    gates: { featureBenefits: untold, list: untold },
    deployments: {
      list: async () => [],
      snapshot: async () => ({ version: 0, clock: 'system' as const, now, deployments: [] }),
    },
    predictions: { labelled: untold, performance: untold },
    consumers: { callers: untold, policy: untold, countRequests: untold },
    monitors: { list: async () => [], get: untold },
  } as const;
  return {
    debt: createDebt({ database, events, jobs, clock, projects, pipelines, ...nothing }),
    events,
    folder,
    trained: (gitCommit: string | null) => (run = { gitCommit }),
    forget: () => (run = undefined),
    setClock: (at: number) => (now = at),
  };
}

async function untold(): Promise<never> {
  throw new Error('nobody asks this in these tests');
}

describeDatabases('debt', (open) => {
  test('before the first time there is no ledger, and then nothing unmeasured counts as nothing', async () => {
    const at = await setup(await open());
    expect(await at.debt.ledger('shop')).toEqual({ project: 'shop', measuredAt: null, items: [], repaid: [] });
    const { items, measuredAt } = await at.debt.measure('shop', cause);
    expect(measuredAt).toBe(START);
    expect(items.map(({ detector, state, interest }) => [detector, state, interest])).toEqual([
      ['unpinned-inputs', 'unmeasured', null],
      ['idle-versions', 'unmeasured', null],
      ['useless-features', 'unmeasured', null],
      ['threshold-regret', 'unmeasured', null],
      ['missing-limit', 'unmeasured', null],
      ['undeclared-consumers', 'unmeasured', null],
    ]);
    await expect(at.debt.ledger('shpo')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('a debt is found once, stands while it cannot be measured, and is repaid when it is gone', async () => {
    const at = await setup(await open());
    at.trained(null);
    const first = await at.debt.measure('shop', cause);
    expect(first.items[0]).toMatchObject({ key: 'unpinned-inputs', state: 'owed', since: START, owner: 'sales' });
    at.setClock(START + 1_000);
    expect((await at.debt.measure('shop', cause)).items[0]).toMatchObject({ state: 'owed', since: START });
    at.forget();
    await at.debt.measure('shop', cause);
    expect((await at.debt.ledger('shop')).repaid).toEqual([]);
    await writeFile(join(at.folder, 'requirements.txt'), 'numpy==2.3.1\n');
    at.trained('c0ffee');
    at.setClock(START + 2_000);
    const last = await at.debt.measure('shop', cause);
    expect(last.items.find(({ key }) => key === 'unpinned-inputs')).toMatchObject({ state: 'clear', since: null });
    expect(last.repaid).toEqual([
      { key: 'unpinned-inputs', title: 'Unpinned inputs of training', since: START, repaidAt: START + 2_000 },
    ]);
    const told = await at.events.list({ limit: 100 });
    expect(told.map(({ type }) => type).filter((type) => type.startsWith('debt-item'))).toEqual([
      'debt-item.found',
      'debt-item.repaid',
    ]);
  });

  test('a debt that comes back is found again', async () => {
    const at = await setup(await open());
    await writeFile(join(at.folder, 'requirements.txt'), 'numpy==2.3.1\n');
    for (const [index, commit] of [null, 'c0ffee', null].entries()) {
      at.trained(commit);
      at.setClock(START + index * 1_000);
      await at.debt.measure('shop', cause);
    }
    const { items, repaid } = await at.debt.ledger('shop');
    expect(items[0]).toMatchObject({ state: 'owed', since: START + 2_000 });
    expect(repaid).toHaveLength(1);
  });
});
