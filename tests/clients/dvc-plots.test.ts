// What dvc.yaml declares to be drawn: the points that Capstan and the real dvc take from the same files.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { findDvc } from '../support/python.ts';
import { openDvcTwin, type DvcTwin } from '../support/dvc-twin.ts';
import { capstan } from '../support/server.ts';

interface DvcPlot {
  readonly type: string;
  readonly revisions: readonly string[];
  readonly content?: { readonly data: { readonly values: readonly Readonly<Record<string, unknown>>[] } };
}

interface OurPlot {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly revisions?: readonly string[];
  readonly series?: readonly {
    readonly revision: string;
    readonly field: string;
    readonly points: readonly { readonly x: unknown; readonly y: unknown }[];
  }[];
}

let twin: DvcTwin;

beforeAll(async () => {
  twin = openDvcTwin(await findDvc());
  const { write, dvc, git, commit } = twin;
  const figures = (seed: number): void => {
    write('logs.csv', `epoch,loss,val loss\n0,${seed},1.5\n1,0.5,"1,0"\n2,,${seed}\n`);
    write('stage.tsv', `a\tb\n1\t${seed}\n2\t4\n`);
    write('bare.csv', `1,${seed}\n2,4\n`);
    write(
      'deep.json',
      JSON.stringify({
        train: {
          roc: [
            { fpr: 0, tpr: seed },
            { fpr: 1, tpr: 1 },
          ],
        },
        other: 3,
      }),
    );
    write('rows.yaml', `- {actual: cat, predicted: dog}\n- {actual: dog, predicted: ${seed > 1 ? 'dog' : 'cat'}}\n`);
    write('curves/one.json', JSON.stringify([{ x: 1, y: seed }]));
    write('curves/own/two.json', JSON.stringify([{ x: 1, y: seed + 1 }]));
    write('x.json', JSON.stringify([{ at: 10 }, { at: 20 }, { at: 30 }]));
    write('picture.svg', `<svg xmlns="http://www.w3.org/2000/svg" width="${seed}" height="1"/>`);
  };
  write('extra/asked.json', '[{"v": 1}, {"v": 2}]');
  write(
    'dvc.yaml',
    `stages:
  draw:
    cmd: cp stage.tsv made.tsv && cp bare.csv cached.csv && cp -r curves made
    deps: [stage.tsv, bare.csv, curves]
    plots:
    - made.tsv: {cache: false, x: a, title: Of a stage}
    - cached.csv: {header: false, x_label: the first}
    - made
plots:
- losses:
    x: epoch
    y: {logs.csv: [loss, val loss]}
    title: Losses
- from-another:
    x: {x.json: at}
    y: {logs.csv: loss}
- logs.csv
- deep.json: {x: fpr, y: tpr, template: simple}
- rows.yaml: {x: actual, y: predicted, template: confusion}
- curves: {x: x, y: y}
- curves/own/two.json: {title: Its own}
- picture.svg
- gone.csv
`,
  );
  figures(1);
  dvc('repro', '-q');
  commit('first');
  git('tag', 'v1');
  figures(2);
  dvc('repro', '-q');
  commit('second');
  // Longer, not only other: git looks at whole seconds, and dvc writes its index anew, so that a file of the same size and
  // second would be taken for the committed one.
  figures(30);
  rmSync(join(twin.root, 'cached.csv'));
});

async function ours(...args: string[]): Promise<OurPlot[]> {
  const { code, out } = await capstan(['plots', ...args, '--json'], undefined, twin.root);
  expect(code).toBe(0);
  return (JSON.parse(out) as { plots: OurPlot[] }).plots;
}

/** A declared file that is asked for by its path is two plots to dvc: as declared, and bare. Ours is the declared one. */
function dvcs(...args: string[]): Record<string, readonly DvcPlot[]> {
  const { data } = JSON.parse(twin.dvc('plots', ...args, '--json')) as { data: Record<string, readonly DvcPlot[]> };
  const declared = Object.entries(data).filter(([id]) => id.startsWith('dvc.yaml::'));
  return { ...data, ...Object.fromEntries(declared.map(([id, found]) => [id.slice('dvc.yaml::'.length), found])) };
}

/** Fields of the axes, by plot. */
const FIELDS: Readonly<Record<string, readonly [string, string]>> = {
  losses: ['epoch', 'dvc_inferred_y_value'],
  'from-another': ['at', 'loss'],
  'logs.csv': ['step', 'val loss'],
  'deep.json': ['fpr', 'tpr'],
  'rows.yaml': ['actual', 'predicted'],
  'curves/one.json': ['x', 'y'],
  'curves/own/two.json': ['step', 'y'],
  'made.tsv': ['a', 'b'],
  'cached.csv': ['step', '1'],
  'made/one.json': ['step', 'y'],
  'made/own/two.json': ['step', 'y'],
  'extra/asked.json': ['step', 'v'],
};

test.each([
  [['show']],
  [['diff']],
  [['diff', 'v1', 'main']],
  [['diff', 'v1']],
  [['show', 'curves']],
  [['show', 'losses', 'made.tsv']],
  [['show', 'extra/asked.json']],
  [['diff', 'v1', '--targets', 'logs.csv', '-x', 'epoch', '-y', 'loss']],
])('%j has the points of dvc', async (args) => {
  const theirs = dvcs(...args);
  const plots = (await ours(...args)).filter(({ kind, series }) => kind === 'image' || series?.length !== 0);
  const shown = Object.entries(theirs).filter(([id, found]) => found.length > 0 && !id.startsWith('dvc.yaml::'));
  expect(plots.map(({ id }) => id).toSorted((a, b) => (a < b ? -1 : 1))).toEqual(
    shown.map(([id]) => id).toSorted((a, b) => (a < b ? -1 : 1)),
  );
  for (const { id, series, revisions } of plots) {
    const found = theirs[id] ?? [];
    if (!series) continue;
    const [x, y] = args.includes('-x') ? ['epoch', 'loss'] : (FIELDS[id] ?? ['', '']);
    const rows = found[0]?.content?.data.values.map((row) => [row['rev'], row[x], row[y]]);
    const mine = series.flatMap(({ revision, points }) => points.map((point) => [revision, point.x, point.y]));
    expect(mine, id).toEqual(rows);
    expect(revisions, id).toEqual(found[0]?.revisions);
  }
});

describe('what is written', () => {
  test('is a page with every plot, and nothing else', async () => {
    // dvc has left its pictures there.
    rmSync(join(twin.root, 'dvc_plots'), { recursive: true, force: true });
    const { code, out, err } = await capstan(['plots', 'diff', 'v1', '-o', 'drawn'], undefined, twin.root);
    expect(code).toBe(0);
    expect(err).toContain('gone.csv at workspace');
    const page = readFileSync(fileURLToPath(out.trim()), 'utf8');
    for (const title of ['Losses', 'Of a stage', 'deep.json', 'Its own']) expect(page).toContain(title);
    expect(page.match(/data:image\/svg\+xml;base64,/g)).toHaveLength(2);
    expect(page).toContain('There is no file gone.csv');
    expect(existsSync(join(twin.root, 'dvc_plots'))).toBe(false);
  });

  test('or an SVG file for each plot', async () => {
    const out = await twin.ours('plots', 'diff', 'v1', '--svg', '-o', 'drawn', '--targets', 'losses', 'picture.svg');
    const names = out
      .trim()
      .split('\n')
      .map((file) => file.slice(file.lastIndexOf('/') + 1));
    expect(names).toEqual(['losses.svg', 'picture@workspace.svg', 'picture@v1.svg']);
    const svg = readFileSync(join(twin.root, 'drawn/losses.svg'), 'utf8');
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" width="640"/);
    expect(svg).not.toContain('var(');
  });

  test.each([
    [['plots', 'show', 'nowhere.csv'], 3, "There is no plot 'nowhere.csv'"],
    [['plots', 'diff', 'nowhere'], 3, "There is no revision 'nowhere'"],
    [['plots', 'show', 'code.py', '-o', 'dvc.yaml'], 3, 'There is no plot'],
    [['plots', 'show', 'losses', '-o', 'dvc.yaml'], 5, 'cannot be written'],
    [['plots', 'show', '../outside'], 2, 'outside the repository'],
    [['plots', 'show', '--svg', '--open'], 2, '--open'],
  ])('%j is refused', async (args, code, words) => {
    const refused = await capstan(args, undefined, twin.root);
    expect(refused).toMatchObject({ code, out: '' });
    expect(refused.err).toContain(words);
  });
});
