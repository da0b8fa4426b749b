import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEvents, type Events } from '#events';
import { createJobs } from '#jobs';
import { randomIds } from '#ports/ids';
import type { Database } from '#database';
import { describeDatabases } from '#database/testing';
import { createProjects, openInside, type Projects } from './index.ts';

const DECLARATION = `# the example of the guide
project: flight-delays
charter:
  owner: operations-analytics
  decision: Warn a passenger when the flight is likely to arrive 15 minutes late or more
  value: {currency: USD, per: prediction, true_positive: 12, false_positive: -4, false_negative: -6, true_negative: 0}
  baseline: constant
  loss_budget: {amount: 5000, window: 24h, on_exhausted: fallback}
datasets:
  flights: {path: data/flights/*.parquet, event_time: time_hour, key: [carrier, flight, origin, time_hour],
            expectations: expectations/flights.yaml, label: {column: late, arrives_after: 1d}}
pipeline: dvc.yaml
model: {name: late-arrival, task: binary, metric: log_loss}
gates:
  - {check: better_than, other: champion, on: latest_labelled_window, confidence: 0.95}
  - {check: slices, by: [carrier, origin], min_rows: 500, max_regression: 0.02}
  - {check: latency, p99: 10ms}
  - {check: approval, by: [maintainer], when: risk >= high}
deployment: {name: late-arrival, rollout: [shadow: 2000, canary: 5%, 25%, 50%, 100%], analysis: [errors, latency, loss]}
monitors:
  - {watch: features, against: training, window: 7d, tests: auto}
  - {watch: performance, metric: log_loss, worse_than: baseline, window: 7d}
retrain: {on: [drift, decay, schedule: "0 3 * * MON"], cool_down: 7d, min_labels: 5000, max_per_month: 4}
`;

const cause = { actor: 'test' };
const at = (place: string, text: string) =>
  expect.objectContaining({
    code: 'INVALID_ARGUMENT',
    field: `capstan.yaml:${place}`,
    message: expect.stringContaining(`capstan.yaml:${place}: ${text}`),
  });

describeDatabases('projects', (open) => {
  let folder: string;
  let database: Database;
  let events: Events;
  let projects: Projects;
  let now = 1_000;

  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'project-')));
    await mkdir(join(folder, 'expectations'));
    await writeFile(join(folder, 'expectations', 'flights.yaml'), 'columns: {carrier: {type: text, missing_max: 0}}\n');
    await writeFile(join(folder, 'dvc.yaml'), 'stages: {}\n');
    database = await open();
    const clock = { now: () => now++ };
    events = createEvents({ database, clock, ids: randomIds, jobs: createJobs({ database, clock, ids: randomIds }) });
    projects = createProjects({ database, events, clock });
  });
  afterEach(() => rm(folder, { recursive: true }));

  const apply = (text: string, dryRun = false) => projects.apply({ folder, text, dryRun, cause });
  const facts = () => events.list({ type: 'project.applied', limit: 100 });

  it('creates a project with its charter and everything it declares, lengths of time in milliseconds', async () => {
    const applied = await apply(DECLARATION);
    expect(applied).toMatchObject({ project: 'flight-delays', revision: 1, isNew: true });
    expect(applied.changes).toContainEqual({ path: 'charter.value.true_positive', after: 12 });
    expect(applied.changes).toContainEqual({ path: 'gates[2]', after: { check: 'latency', p99: '10ms' } });

    const project = await projects.get('flight-delays');
    expect(project).toMatchObject({
      name: 'flight-delays',
      folder,
      revision: 1,
      charter: { owner: 'operations-analytics', loss_budget: { amount: 5000, window: 86_400_000 }, risk: 'low' },
      declaration: {
        datasets: { flights: { event_time: 'time_hour', label: { column: 'late', arrives_after: 86_400_000 } } },
        gates: [{ check: 'better_than' }, { check: 'slices' }, { check: 'latency', p99: 10 }, { check: 'approval' }],
        deployment: {
          rollout: [
            { kind: 'shadow', minPairs: 2000 },
            { kind: 'canary', share: 0.05 },
            { kind: 'canary', share: 0.25 },
            { kind: 'canary', share: 0.5 },
            { kind: 'full' },
          ],
          context: { id: 'example_id', event_time: 'event_time' },
        },
        retrain: { on: ['drift', 'decay', { schedule: '0 3 * * MON' }], cool_down: 604_800_000, time_zone: 'UTC' },
      },
    });
    expect(await projects.list()).toEqual([project]);
    expect(await facts()).toMatchObject([
      { project: 'flight-delays', subject: 'project:flight-delays', actor: 'test', payload: { revision: 1 } },
    ]);
  });

  it('changes nothing when it is applied again, also with other comments and spacing', async () => {
    await apply(DECLARATION);
    const again = await apply(`${DECLARATION.replace('# the example', '# another example')}\n# end\n`);
    expect(again).toEqual({ project: 'flight-delays', revision: 1, isNew: false, changes: [] });
    expect(await facts()).toHaveLength(1);
  });

  it('says key by key what changed, and keeps every revision', async () => {
    await apply(DECLARATION);
    const changed = DECLARATION.replace('true_positive: 12', 'true_positive: 15')
      .replace('  baseline: constant\n', '')
      .replace('  - {check: latency, p99: 10ms}\n', '')
      .replace('window: 24h', 'window: 48h');
    const applied = await apply(changed);
    expect(applied.revision).toBe(2);
    expect(applied.changes).toEqual([
      { path: 'charter.value.true_positive', before: 12, after: 15 },
      { path: 'charter.loss_budget.window', before: '24h', after: '48h' },
      { path: 'charter.baseline', before: 'constant' },
      { path: 'gates[2].check', before: 'latency', after: 'approval' },
      { path: 'gates[2].by', after: ['maintainer'] },
      { path: 'gates[2].when', after: 'risk >= high' },
      { path: 'gates[2].p99', before: '10ms' },
      { path: 'gates[3]', before: { check: 'approval', by: ['maintainer'], when: 'risk >= high' } },
    ]);
    expect((await projects.revisions('flight-delays')).map(({ revision, actor }) => ({ revision, actor }))).toEqual([
      { revision: 2, actor: 'test' },
      { revision: 1, actor: 'test' },
    ]);
    expect((await projects.get('flight-delays')).charter.value.true_positive).toBe(15);
  });

  it('only says so in a dry run', async () => {
    const dry = await apply(DECLARATION, true);
    expect(dry).toMatchObject({ revision: 1, isNew: true });
    await expect(projects.get('flight-delays')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await facts()).toEqual([]);
  });

  it('gives two that apply at once a revision each', async () => {
    await apply(DECLARATION);
    const outcomes = await Promise.all(
      [1, 2, 3, 4].map((worth) => apply(DECLARATION.replace('true_positive: 12', `true_positive: ${worth}`))),
    );
    expect(outcomes.map((applied) => applied.revision).toSorted((a, b) => a - b)).toEqual([2, 3, 4, 5]);
    for (const [index, { changes }] of (await projects.revisions('flight-delays')).slice(0, 4).entries()) {
      expect(changes, String(index)).toHaveLength(1);
    }
  });

  it('reads the folder’s own file when no text is given', async () => {
    await writeFile(join(folder, 'capstan.yaml'), DECLARATION);
    expect(await projects.apply({ folder, dryRun: false, cause })).toMatchObject({
      project: 'flight-delays',
      revision: 1,
    });
    expect(await projects.readText('flight-delays', 'dvc.yaml')).toBe('stages: {}\n');
  });

  it.each([
    [
      'an unknown serving setting',
      [
        'deployment: {name: late-arrival,',
        'deployment: {serving: {dynamic_batching: {max_queue_dela: 2ms}}, name: late-arrival,',
      ],
      '19:43',
      "deployment.serving.dynamic_batching.max_queue_dela: unknown key; did you mean 'max_queue_delay'?",
    ],
    ['an unknown key', ['  owner:', '  ownr:'], '4:3', "charter.ownr: unknown key; did you mean 'owner'?"],
    [
      'a wrong type',
      ['amount: 5000', 'amount: lots'],
      '8:25',
      'charter.loss_budget.amount: expected a number, found the text "lots"',
    ],
    [
      'a length of time in words',
      ['24h', '24 hours'],
      '8:39',
      'charter.loss_budget.window: write a number and its unit',
    ],
    [
      'a wrong choice',
      ['check: slices', 'check: slice'],
      '16:13',
      'gates[1].check: expected one of better_than, slices',
    ],
    ['a rollout that shrinks', ['25%, 50%', '50%, 25%'], '19:75', 'deployment.rollout[3]: each share must be greater'],
    ['a rollout that does not end', [', 100%]', ']'], '19:75', 'deployment.rollout[3]: the last step must be 100%'],
    [
      'a schedule that is none',
      ['0 3 * * MON', '0 3 * * XYZ'],
      '23:40',
      "retrain.on[2].schedule: '0 3 * * XYZ' is not a cron pattern",
    ],
    [
      'a key given twice',
      ['true_negative: 0}', 'true_negative: 0, true_negative: 1}'],
      '6:120',
      "the key 'true_negative' is given twice",
    ],
    [
      'a file that is not there',
      ['dvc.yaml', 'pipelines.yaml'],
      '12:11',
      "pipeline: There is no file 'pipelines.yaml'",
    ],
    [
      'a path out of the folder',
      ['data/flights', '../flights'],
      '10:19',
      'datasets.flights.path: write a path relative',
    ],
    ['broken YAML', ['gates:', 'gates: ['], '15:3', 'Block collections are not allowed'],
    [
      'a gate without a model',
      ['model: {name: late-arrival, task: binary, metric: log_loss}\n', ''],
      '14:3',
      'gates: gates judge a model',
    ],
  ] as const)('refuses %s with line and column, and changes nothing', async (_, [from, to], place, text) => {
    expect(DECLARATION).toContain(from);
    await expect(apply(DECLARATION.replace(from, to))).rejects.toEqual(at(place, text));
    expect(await projects.list()).toEqual([]);
    expect(await facts()).toEqual([]);
  });

  it('names every fault, not only the first', async () => {
    const broken = DECLARATION.replace('  owner:', '  ownr:').replace('amount: 5000', 'amount: lots');
    const error = (await apply(broken).catch((thrown: unknown) => thrown)) as Error & {
      details: { issues: unknown[] };
    };
    expect(error.message.split('\n')).toHaveLength(3);
    expect(error.details.issues).toHaveLength(3);
  });

  it('names the place in an expectations file that does not fit', async () => {
    await writeFile(join(folder, 'expectations', 'flights.yaml'), 'columns:\n  carrier: {typ: text}\n');
    await expect(apply(DECLARATION)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(
        /^expectations\/flights\.yaml:2:13: columns\.carrier\.typ: unknown key; did you mean 'type'\?/,
      ),
    });
  });

  it.each([
    ['relative', 'somewhere'],
    ['absent', '/nowhere/at/all'],
    ['a file', 'FILE'],
  ])('refuses a folder that is %s', async (_, given) => {
    const asked = projects.apply({
      folder: given === 'FILE' ? join(folder, 'dvc.yaml') : given,
      text: DECLARATION,
      dryRun: false,
      cause,
    });
    await expect(asked).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'folder' });
  });
});

describe('files of a project', () => {
  let folder: string;
  let outside: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'project-'));
    outside = await mkdtemp(join(tmpdir(), 'outside-'));
    await writeFile(join(outside, 'secret'), 'secret');
    await mkdir(join(folder, 'data'));
    await writeFile(join(folder, 'data', 'x.csv'), 'a\n1\n');
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
    await rm(outside, { recursive: true });
  });

  it('are opened by paths inside, relative or absolute, also through links that stay inside', async () => {
    await symlink(join(folder, 'data', 'x.csv'), join(folder, 'data', 'link.csv'));
    for (const [given, path] of [
      ['data/x.csv', 'data/x.csv'],
      [join(folder, 'data/x.csv'), 'data/x.csv'],
      ['data/link.csv', 'data/link.csv'],
    ] as const) {
      const file = await openInside(folder, given);
      expect({ path: file.path, text: await file.handle.readFile('utf8') }).toEqual({ path, text: 'a\n1\n' });
      await file.handle.close();
    }
  });

  it.each([
    ['a parent', '../outside'],
    ['an absolute path', '/etc/hostname'],
    ['a link out', 'data/out'],
    ['a folder that links out', 'data/away/secret'],
    ['a folder', 'data'],
    ['nothing', 'data/none.csv'],
    ['a folder whose name begins alike', 'TWIN'],
  ])('are refused by %s', async (_, given) => {
    await symlink(join(outside, 'secret'), join(folder, 'data', 'out'));
    await symlink(outside, join(folder, 'data', 'away'));
    const twin = `${folder}-twin`;
    await mkdir(twin);
    await writeFile(join(twin, 'x'), '');
    try {
      await expect(openInside(folder, given === 'TWIN' ? join(twin, 'x') : given)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    } finally {
      await rm(twin, { recursive: true });
    }
  });
});
