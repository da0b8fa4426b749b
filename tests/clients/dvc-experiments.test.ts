// Experiments that the real dvc has kept in a repository, as Capstan shows them.
import { beforeAll, expect, test } from 'vitest';
import { findDvc } from '../support/python.ts';
import { openDvcTwin, type DvcTwin } from '../support/dvc-twin.ts';
import { capstan } from '../support/server.ts';

interface Shown {
  readonly rev: string;
  readonly name: string | null;
  readonly data: { readonly params: unknown; readonly metrics: unknown };
  readonly experiments: readonly { readonly name: string; readonly revs: readonly Shown[] }[] | null;
}

let twin: DvcTwin;

beforeAll(async () => {
  twin = openDvcTwin(await findDvc());
  const { write, dvc, git, commit } = twin;
  write('params.yaml', 'lr: 0.1\nnest: {depth: 3}\nsame: 1\n');
  write('sub/params.yaml', 'lr: 5\n');
  write(
    'dvc.yaml',
    `stages:
  train:
    cmd: cp params.yaml m.yaml
    params: [lr, nest.depth, sub/params.yaml: ]
    metrics: [m.yaml: {cache: false}]
`,
  );
  dvc('repro', '-q');
  commit('first');
  git('branch', 'old');
  dvc('exp', 'run', '-q', '-n', 'faster', '-S', 'lr=0.5');
  dvc('exp', 'run', '-q', '-n', 'deeper', '-S', 'nest.depth=9', '-S', 'lr=0.3');
  git('checkout', '-q', '.');
  write('params.yaml', 'lr: 0.2\nnest: {depth: 3}\nsame: 1\n');
  dvc('repro', '-q');
  commit('second');
});

test.each([[['-a']], [[]], [['--rev', 'old']], [['-a', '--hide-workspace']]])('%j as dvc shows them', async (args) => {
  const theirs = JSON.parse(twin.dvc('exp', 'show', '--json', ...args)) as Shown[];
  const { experiments } = JSON.parse(await twin.ours('exp', 'show', '--json', ...args)) as { experiments: Shown[] };
  const told = ({ rev, name, data, experiments: found }: Shown): unknown => ({
    rev,
    name: name ?? rev,
    params: data.params,
    metrics: data.metrics,
    experiments: (found ?? [])
      .map((experiment) => ({
        name: experiment.name,
        revs: experiment.revs.map((one) => ({ rev: one.rev, ...one.data, ...withoutRest })),
      }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  });
  expect(experiments.map(told)).toEqual(theirs.map(told));
});

// dvc does so in its table only.
test('with what stages depend on alone', async () => {
  const out = await twin.ours('exp', 'show', '--rev', 'old', '--param-deps', '--hide-workspace', '--json');
  const { experiments } = JSON.parse(out) as { experiments: Shown[] };
  expect(experiments[0]?.data.params).toEqual({
    'params.yaml': { data: { lr: 0.1, nest: { depth: 3 } } },
    'sub/params.yaml': { data: { lr: 5 } },
  });
});

/** What Capstan does not tell of an experiment. */
const withoutRest = { deps: undefined, outs: undefined, meta: undefined, timestamp: undefined };

test('as a table, sorted, with what differs', async () => {
  const table = await twin.ours(
    'exp',
    'show',
    '--rev',
    'old',
    '--only-changed',
    '--sort-by',
    'm.yaml:lr',
    '--hide-workspace',
  );
  const [head = '', ...rows] = table.trimEnd().split('\n');
  expect(head.split(/ {2,}/)).toEqual([
    'Experiment',
    'Commit',
    'Created',
    'm.yaml:lr',
    'm.yaml:nest.depth',
    'params.yaml:lr',
    'params.yaml:nest.depth',
  ]);
  expect(rows.map((row) => row.trim().split(/ {2,}/)[0])).toEqual(['old', '└ deeper', '└ faster']);
  const csv = await twin.ours(
    'exp',
    'show',
    '--rev',
    'old',
    '--csv',
    '--only-changed',
    '--sort-by',
    'm.yaml:lr',
    '--sort-order',
    'desc',
  );
  expect(csv.split('\n').map((line) => line.split(',')[0])).toEqual([
    'Experiment',
    'workspace',
    'old',
    'faster',
    'deeper',
    '',
  ]);
  expect(csv).toMatch(/^faster,old,[0-9a-f]{40},\d{4}-\d\d-\d\dT[\d:.]+Z,0\.5,3,0\.5,3$/m);
});

test.each([
  [['--rev', 'nowhere'], 3, "There is no revision 'nowhere'"],
  [['--sort-by', 'losss'], 2, "There is no metric or parameter 'losss'"],
  [['--sort-order', 'up'], 2, '--sort-order is asc or desc'],
])('%j is refused', async (args, code, words) => {
  const refused = await capstan(['exp', 'show', ...args], undefined, twin.root);
  expect(refused).toMatchObject({ code, out: '' });
  expect(refused.err).toContain(words);
});

test('an experiment is a revision like others', async () => {
  const diff = await twin.ours('params', 'diff', 'old', 'faster', '--json');
  expect((JSON.parse(diff) as { diff: unknown }).diff).toEqual({
    'params.yaml': { lr: { old: 0.1, new: 0.5, diff: 0.4 } },
  });
});
