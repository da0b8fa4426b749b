import { expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import { START, cause, openBench, type Bench } from '../testing.ts';

/** Five runs: a to d with a metric `m` of 1, 2, 3 and NaN, e without; later ones start later. */
async function seed(bench: Bench): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  const values: Record<string, number | undefined> = { a: 1, b: 2, c: 3, d: Number.NaN, e: undefined };
  for (const [name, value] of Object.entries(values)) {
    bench.advance(1_000);
    const runId = await bench.startRun(name);
    ids.set(name, runId);
    const metrics = value === undefined ? [] : [{ key: 'm', value, step: 0, timestamp: 1 }];
    const params = name === 'e' ? [] : [{ key: 'model type', value: name < 'c' ? 'xgb_1' : 'xgbX1' }];
    await bench.experiments.logBatch({
      runId,
      metrics,
      params,
      tags: [{ key: 'mlflow.user', value: `User-${name}` }],
      cause,
    });
  }
  return ids;
}

describeDatabases('searching runs', (open) => {
  test('filters', async () => {
    const bench = await openBench(await open());
    const ids = await seed(bench);
    const dataset = {
      name: 'flights',
      digest: 'd1',
      sourceType: '',
      source: '',
      schema: null,
      profile: null,
      tags: [{ key: 'mlflow.data.context', value: 'train' }],
    };
    await bench.experiments.logInputs({ runId: ids.get('a') ?? '', datasets: [dataset], models: [], cause });
    await bench.experiments.updateRun({ id: ids.get('b') ?? '', status: 'FAILED', endTime: START + 9_000, cause });
    const found = async (filter: string) => {
      const { runs } = await bench.experiments.searchRuns({ experimentIds: ['0'], filter, view: 'active', limit: 100 });
      const count = await bench.experiments.countMatches({ experimentIds: ['0'], filter, view: 'active' });
      expect(count).toBe(runs.length);
      return runs
        .map((run) => run.name)
        .toSorted()
        .join('');
    };
    const expected: [string, string][] = [
      ['', 'abcde'],
      ['metrics.m > 1', 'bc'],
      ['metric.m <= 2', 'ab'],
      ['metrics.m != 2', 'acd'],
      ['metrics.`m` = 3', 'c'],
      ['metrics.none > 0', ''],
      ["params.`model type` = 'xgb_1'", 'ab'],
      ['parameter."model type" LIKE \'xgb_1\'', 'abcd'],
      ["param.`model type` LIKE '%B%'", ''],
      ["params.`model type` ILIKE '%B%'", 'abcd'],
      ["params.`model type` != 'xgb_1'", 'cd'],
      ['params.`model type` IS NULL', 'e'],
      ['params.`model type` is not null', 'abcd'],
      ["tags.mlflow.user = 'User-c'", 'c'],
      ["tag.`mlflow.user` LIKE 'User-[ab]'", ''],
      ["attributes.status = 'FAILED'", 'b'],
      ["status = 'RUNNING' and metrics.m > 0", 'ac'],
      ["run_name LIKE 'a%'", 'a'],
      ["attribute.`Run Name` = 'a'", 'a'],
      [`start_time > ${START + 3_000}`, 'de'],
      [`end_time = ${START + 9_000}`, 'b'],
      [`run_id IN ('${ids.get('a')}', '${ids.get('b')}')`, 'ab'],
      [`attributes.run_id NOT IN ('${ids.get('a')}')`, 'bcde'],
      [`artifact_uri = 'mlflow-artifacts:/0/${ids.get('d')}/artifacts'`, 'd'],
      ["dataset.name = 'flights' AND datasets.context IN ('train')", 'a'],
      ["dataset.digest LIKE 'd%'", 'a'],
      ["user_id = ''", 'abcde'],
      ["status = 'FAILED' OR metrics.m = 3", 'bc'],
      ["metrics.m = 1 OR metrics.m = 2 AND status = 'FAILED'", 'ab'],
      ["(metrics.m = 1 OR metrics.m = 2) AND status = 'FAILED'", 'b'],
      ['metrics.m BETWEEN 1.5 AND 3', 'bc'],
      [`start_time BETWEEN ${START + 2_000} AND ${START + 3_000.5}`, 'bc'],
      ["params.`model type` IN ('xgb_1', 'other')", 'ab'],
      ["params.`model type` NOT IN ('xgb_1')", 'cd'],
      ["status NOT IN ('FAILED')", 'acde'],
      ["run_name IN ('a', 'e')", 'ae'],
      ['NOT metrics.m > 1', 'ade'],
      [`NOT (end_time > 0 OR metrics.m = 1)`, 'cde'],
      ["tags.none IS NULL AND NOT params.`model type` LIKE 'xgb%'", 'e'],
      [`start_time > ${START + 3_000}.5`, 'de'],
      ['start_time < 1e300', 'abcde'],
      ['start_time > -9999999999999999999', 'abcde'],
      ['metrics.m < 1e300', 'abc'],
    ];
    for (const [filter, names] of expected) expect(await found(filter), filter).toBe(names);
  });

  test('refuses what it does not know, saying where', async () => {
    const bench = await openBench(await open());
    const refused = [
      "metrics.m = '1'",
      'params.p = 1',
      'status = FINISHED',
      'metrics.m > high',
      "metrics.m IN ('1')",
      'params.p BETWEEN 1 AND 2',
      "params.p RLIKE 'x'",
      'dataset.name IS NULL',
      'accuracy > 0.9',
      'metrics.m LIKE 1',
      "start_time = 'x'",
      "lifecycle_stage = 'active'",
      "dataset.source = 'x'",
      "model.x = 'y'",
      `tags.a LIKE '${'%a'.repeat(17)}'`,
    ];
    for (const filter of refused) {
      await expect(
        bench.experiments.searchRuns({ experimentIds: ['0'], filter, view: 'active', limit: 1 }),
        filter,
      ).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        details: { position: expect.any(Number), length: expect.any(Number) },
      });
    }
    for (const orderBy of [
      ['lifecycle_stage'],
      ['foo.bar'],
      ['metrics.m DESC', 'metric.m'],
      ['start_time', 'attributes.created DESC'],
      ['params.a', 'parameter.a'],
      ['metrics.m DESC x'],
      ['dataset.name'],
    ]) {
      const search = { experimentIds: ['0'], orderBy, view: 'active', limit: 1 } as const;
      await expect(bench.experiments.searchRuns(search), orderBy[0]).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    }
  });

  test.each([
    ["metrics.m = '1'", "Expected numeric value type for metric. Found '1'. Did you mean 1?", 12, 3],
    [
      'params.p = 1',
      "Expected a quoted string value for parameter (e.g. 'my-value'). Got value 1. Did you mean '1'?",
      11,
      1,
    ],
    ["stauts = 'FINISHED'", "Invalid attribute key 'stauts' specified. Valid keys are 'run_id'", 0, 6],
    ["stauts = 'FINISHED'", 'Did you mean status?', 0, 6],
    [
      "metric.a > 1 AND parms.b = 'x'",
      "Invalid entity type 'parms'. Valid values are metric, parameter, tag, attribute, dataset. Did you mean params.b?",
      17,
      7,
    ],
    [
      'status = FINISHED',
      "used for string value FINISHED. Use either single or double quotes. Did you mean 'FINISHED'?",
      9,
      8,
    ],
    ['accuracy > 0.9', 'what was logged is written metrics.accuracy, params.accuracy, tags.accuracy', 0, 8],
    ["metrics.m LIKE 'a'", "Invalid comparator 'LIKE' for metric: use one of =, !=", 10, 4],
  ])('says of %s: %s', async (filter, words, position, length) => {
    const { experiments } = await openBench(await open());
    const search = experiments.countMatches({ experimentIds: ['0'], filter, view: 'active' });
    const error = await search.catch((caught: unknown) => caught);
    expect(error).toMatchObject({ message: expect.stringContaining(words), details: { position, length } });
    const [, shown, carets] = (error as Error).message.split('\n');
    expect(shown).toBe(`  ${filter}`);
    expect(carets).toBe(`  ${' '.repeat(position)}${'^'.repeat(length)}`);
  });

  test('orders with missing values last in both directions, NaN before them', async () => {
    const bench = await openBench(await open());
    await seed(bench);
    const order = async (...orderBy: string[]) => {
      const whole = await bench.experiments.searchRuns({ experimentIds: ['0'], orderBy, view: 'active', limit: 100 });
      const paged: string[] = [];
      let pageToken: string | undefined;
      do {
        const page = await bench.experiments.searchRuns({
          experimentIds: ['0'],
          orderBy,
          view: 'active',
          limit: 2,
          pageToken,
        });
        paged.push(...page.runs.map((run) => run.name));
        pageToken = page.nextPageToken;
      } while (pageToken !== undefined);
      expect(paged).toEqual(whole.runs.map((run) => run.name));
      return paged.join('');
    };
    expect(await order()).toBe('edcba');
    expect(await order('metrics.m')).toBe('abcde');
    expect(await order('metrics.m DESC')).toBe('cbade');
    expect(await order('metrics.none')).toBe('edcba');
    expect(await order('start_time ASC')).toBe('abcde');
    expect(await order('tags.`mlflow.user` DESC')).toBe('edcba');
    expect(await order('params.`model type` DESC', 'metrics.m ASC')).toMatch(/^(abcd|cdab)e$/);
    expect(await order('end_time DESC', 'run_name')).toBe('abcde');
  });

  test('a page that is exactly full has no next one', async () => {
    const bench = await openBench(await open());
    await seed(bench);
    const page = await bench.experiments.searchRuns({ experimentIds: ['0'], view: 'active', limit: 5 });
    expect(page.runs).toHaveLength(5);
    expect(page).not.toHaveProperty('nextPageToken');
  });

  test('a token is good for its own question only', async () => {
    const bench = await openBench(await open());
    await seed(bench);
    const search = { experimentIds: ['0'], view: 'active', limit: 2 } as const;
    const { nextPageToken } = await bench.experiments.searchRuns(search);
    await expect(
      bench.experiments.searchRuns({ ...search, orderBy: ['metrics.m'], pageToken: nextPageToken }),
    ).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  test('view and experiments narrow; none asked, none found', async () => {
    const bench = await openBench(await open());
    const ids = await seed(bench);
    await bench.experiments.deleteRuns({ ids: [ids.get('a') ?? ''], cause });
    const count = (experimentIds: string[], view: 'active' | 'deleted' | 'all') =>
      bench.experiments.countMatches({ experimentIds, view });
    expect([await count(['0'], 'active'), await count(['0'], 'deleted'), await count(['0'], 'all')]).toEqual([4, 1, 5]);
    expect([await count([], 'all'), await count(['7'], 'all')]).toEqual([0, 0]);
    expect(await bench.experiments.searchRuns({ experimentIds: [], view: 'all', limit: 1 })).toEqual({ runs: [] });
  });

  test('loads only what is asked for', async () => {
    const bench = await openBench(await open());
    await seed(bench);
    const load = { metrics: ['m'], params: [], tags: ['mlflow.user'], inputs: false };
    const { runs } = await bench.experiments.searchRuns({
      experimentIds: ['0'],
      filter: "run_name = 'a'",
      view: 'active',
      limit: 1,
      load,
    });
    expect(runs).toMatchObject([{ params: [], tags: [{ key: 'mlflow.user', value: 'User-a' }] }]);
    expect(runs[0]?.metrics).toHaveLength(1);
  });

  test('completes keys and values by how they begin', async () => {
    const bench = await openBench(await open());
    const ids = await seed(bench);
    const keys = (prefix: string, limit: number) => bench.experiments.loggedKeys({ experimentId: '0', prefix, limit });
    expect(await keys('', 10)).toEqual({
      metrics: ['m'],
      params: ['model type'],
      tags: ['mlflow.runName', 'mlflow.user'],
      isWhole: true,
    });
    expect(await keys('MO', 10)).toEqual({ metrics: [], params: ['model type'], tags: [], isWhole: true });
    expect(await keys('ml', 1)).toMatchObject({ tags: ['mlflow.runName'], isWhole: false });
    expect(await keys('%', 10)).toMatchObject({ metrics: [], params: [], tags: [] });
    const values = (of: 'params' | 'tags', key: string, prefix: string, limit = 10) =>
      bench.experiments.loggedValues({ experimentId: '0', of, key, prefix, limit });
    expect(await values('params', 'model type', '')).toEqual({ values: ['xgbX1', 'xgb_1'], isWhole: true });
    expect(await values('params', 'model type', 'xgb_')).toEqual({ values: ['xgb_1'], isWhole: true });
    expect(await values('tags', 'mlflow.user', 'user-', 2)).toEqual({ values: ['User-a', 'User-b'], isWhole: false });
    expect(await values('params', 'none', '')).toEqual({ values: [], isWhole: true });
    await bench.experiments.deleteRuns({ ids: [ids.get('a') ?? ''], cause });
    expect(await values('tags', 'mlflow.user', 'user-a')).toEqual({ values: [], isWhole: true });
    const elsewhere = { experimentId: '7', prefix: '', limit: 10 };
    expect(await bench.experiments.loggedKeys(elsewhere)).toMatchObject({ metrics: [], isWhole: true });
  });
});
