import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readValuesText } from '#protocols/dvc';
import { drawPlot } from './draw/draw-plot.ts';
import { linearScale } from './draw/scale.ts';
import { smoothed } from './draw/smooth.ts';
import { thinned } from './draw/thin.ts';
import { pointsOf } from './datapoints.ts';
import type { PlotDefinition, PointsPlot } from './model.ts';
import { PAGE_STYLE } from './page-style.ts';
import { plotsPage } from './page.ts';
import { readTable } from './table-text.ts';

const asObjects = (rows: ReturnType<typeof readTable>): unknown[] => rows.map((row) => Object.fromEntries(row));

describe('tables', () => {
  test('cells are text, rows without cells are left out', () => {
    expect(asObjects(readTable('\ufeffa,b\r\n1,"x, ""y""\nz"\r\n\r\n2\n', ',', true))).toEqual([
      { a: '1', b: 'x, "y"\nz' },
      { a: '2', b: null },
    ]);
    expect(asObjects(readTable('1\t2\n3\t4', '\t', false))).toEqual([
      { 0: '1', 1: '2' },
      { 0: '3', 1: '4' },
    ]);
    expect(readTable('', ',', true)).toEqual([]);
    expect(readTable('a,b\n', ',', true)).toEqual([]);
  });

  test('whatever is quoted comes back', () => {
    const cells = fc.array(fc.string({ unit: 'binary' }), { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(cells, { minLength: 1, maxLength: 5 }), (rows) => {
        const text = rows.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')).join('\n');
        const read = readTable(`h\n${text}`.replace('h', 'h0,h1,h2,h3'), ',', true);
        expect(read.map((row) => [...row.values()].filter((cell) => cell !== null))).toEqual(rows);
      }),
    );
  });

  test('no text makes it fail or run on', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ') }), (text) => {
        expect(readTable(text, ',', true).length).toBeLessThanOrEqual(text.length);
      }),
    );
  });
});

const plot = (more: Partial<PlotDefinition> = {}): PlotDefinition => ({
  id: 'm.json',
  source: '',
  properties: {},
  x: [],
  y: undefined,
  ...more,
});
const contents = (text: string) => new Map([['m.json', readValuesText(text, 'm.json', '.json')]]);

describe('points', () => {
  test('lists of maps are found wherever they are, and joined row by row', () => {
    const found = pointsOf(
      plot({ x: 'step', y: [{ file: 'm.json', field: 'loss' }] }),
      contents('{"a": {"train": [{"loss": 1.5}, {"loss": 2}]}, "b": [{"step": 10}, {"step": 20}], "c": 1}'),
      'HEAD',
    );
    expect(found).toEqual({
      xLabel: 'step',
      yLabel: 'loss',
      series: [
        {
          revision: 'HEAD',
          file: 'm.json',
          field: 'loss',
          points: [
            { x: 10n, y: 1.5 },
            { x: 20n, y: 2n },
          ],
        },
      ],
    });
  });

  test('what is not said is the last field, over the number of the row', () => {
    const { series, xLabel, yLabel } = pointsOf(plot(), contents('[{"a": 1, "z": 5}, {"a": 2, "z": 6}]'), 'HEAD');
    expect([xLabel, yLabel]).toEqual(['step', 'z']);
    expect(series[0]?.points).toEqual([
      { x: 0n, y: 5n },
      { x: 1n, y: 6n },
    ]);
  });

  test.each([
    [plot({ y: [{ file: 'm.json', field: 'nope' }] }), "There is no field 'nope': it has a, z"],
    [plot({ x: 'nope' }), "There is no field 'nope'"],
    [
      plot({
        x: [
          { file: 'm.json', field: 'a' },
          { file: 'm.json', field: 'z' },
        ],
        y: [{ file: 'm.json', field: 'a' }],
      }),
      '2 fields for x and 1 for y',
    ],
  ])('%j is refused', (definition, words) => {
    expect(() => pointsOf(definition, contents('[{"a": 1, "z": 5}]'), 'HEAD')).toThrow(words);
  });
});

describe('drawing', () => {
  const nasty = '</text><script>alert(1)</script>"&\u0000\u{1F600}';
  const drawn = (more: Partial<PointsPlot>): PointsPlot => ({
    kind: 'points',
    id: 'p',
    title: nasty,
    template: 'linear',
    xLabel: nasty,
    yLabel: nasty,
    revisions: [nasty],
    series: [],
    ...more,
  });
  const pointsWith = (points: readonly { x: string | number; y: string | number }[]) => [
    { revision: nasty, file: nasty, field: nasty, points },
  ];
  const templates = ['linear', 'scatter', 'smooth', 'confusion', 'confusion_normalized', 'bar_horizontal', 'other'];

  test('text of files and names stays text, and the page can run and fetch nothing', () => {
    for (const template of templates) {
      const series = pointsWith([
        { x: nasty, y: 1 },
        { x: 2, y: nasty },
      ]);
      const set = {
        revisions: [nasty],
        plots: [drawn({ template, series }), drawn({ template })],
        problems: [{ plot: nasty, revision: nasty, message: nasty }],
      };
      const page = plotsPage(set, nasty);
      expect(page).not.toMatch(/<script|\0/);
      expect(page).not.toMatch(/https?:/);
      expect(page).toContain(`content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"`);
      expect(page).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  test('any figures make a drawing with places that are numbers', () => {
    const figure = fc.oneof(fc.double(), fc.integer(), fc.constantFrom('', 'x', '1e3', 'NaN'));
    fc.assert(
      fc.property(
        fc.constantFrom(...templates),
        fc.array(fc.record({ x: figure, y: figure }), { maxLength: 30 }),
        (template, points) => {
          const svg = drawPlot(drawn({ template, title: 't', series: pointsWith(points) }), [nasty], 'file');
          const places = [...svg.matchAll(/ (?:x|y|cx|cy|width|height|d)="([^"]*)"/g)].map(([, place]) => place);
          expect(places.join(' ')).not.toMatch(/NaN|Infinity|undefined/);
          expect(svg).toMatch(/^<svg xmlns=/);
        },
      ),
      // Alone, with room around it beyond the greatest number there is.
      { examples: [['linear', [{ x: 0, y: -1.7e308 }]]] },
    );
  });

  test('many points are drawn by few that look the same', () => {
    const points = Array.from({ length: 100_000 }, (_, x) => ({ x, y: x === 54_321 ? 100 : Math.sin(x), text: '' }));
    const few = thinned(points);
    expect(few.length).toBeLessThan(1_300);
    expect(few).toContainEqual({ x: 54_321, y: 100, text: '' });
    expect(few.at(-1)?.x).toBe(99_999);
    expect(few.map(({ x }) => x)).toEqual(few.map(({ x }) => x).toSorted((a, b) => a - b));
  });

  test('a straight line is smooth already', () => {
    const points = Array.from({ length: 50 }, (_, x) => ({ x, y: 3 * x - 7, text: '' }));
    for (const [index, { y }] of smoothed(points).entries()) expect(y).toBeCloseTo(points[index]?.y ?? 0, 9);
  });

  test('ticks are told apart', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, min: -1e12, max: 1e12 }),
        fc.double({ min: 1e-6, max: 1e9, noNaN: true }),
        (low, size) => {
          fc.pre(low + size > low && size / Math.max(1, Math.abs(low)) > 1e-5);
          const texts = linearScale([low, low + size], [0, 100]).ticks.map(({ text }) => text);
          expect(new Set(texts).size).toBe(texts.length);
        },
      ),
    );
  });
});

test('the page has the colours of the interface', () => {
  const tokens = readFileSync(fileURLToPath(new URL('../../../../ui/src/design/tokens.css', import.meta.url)), 'utf8');
  const [light = '', dark = ''] = tokens.split("\n[data-theme='dark'] {");
  for (const [index, theme] of PAGE_STYLE.split('@media (prefers-color-scheme: dark)').entries()) {
    const ofPage = [...theme.matchAll(/--[\w-]+: oklch\([^;]*;/g)].map(([text]) => text);
    expect(ofPage.length).toBeGreaterThan(12);
    for (const token of ofPage) expect(index === 0 ? light : dark).toContain(token);
  }
});
