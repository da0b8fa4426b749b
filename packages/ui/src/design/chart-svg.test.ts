import { expect, test } from 'vitest';
import { svgOf } from './chart-svg.ts';

const drawing = { title: 'loss <b> & "more"', widthPx: 600, heightPx: 300, token: (name: string) => `colour${name}` };
const pathsOf = (svg: string): string[] =>
  [...svg.matchAll(/<path d="(M[^"]*)" fill="none"/g)].map((found) => found[1] ?? '');

test('every value is drawn, gaps apart, in a well-formed file without markup from names', () => {
  const svg = svgOf(
    {
      xKind: 'step',
      x: [0, 1, 2, 3, 4],
      series: [
        { label: 'a<i>', values: [1, 2, null, 4, 5] },
        { label: 'b', values: [5, 4, 3, 2, 1] },
      ],
    },
    drawing,
  );
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" width="600" height="300"/);
  expect(svg).toContain('loss &lt;b&gt; &amp; &quot;more&quot;');
  expect(svg).toContain('a&lt;i&gt;');
  expect(pathsOf(svg).map((path) => path.split('L').length)).toEqual([2, 2, 5]);
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
});

test('edges of a band enclose it; limits and marks are there', () => {
  const svg = svgOf(
    {
      xKind: 'step',
      x: [0, 1],
      series: [
        { label: 'last', values: [1, 2] },
        { label: 'max', values: [3, 4], bandWith: 'min', isUnnamed: true },
        { label: 'min', values: [0, 1], bandWith: '', isUnnamed: true },
      ],
      limits: [{ label: 'limit', value: 9 }],
      notes: [{ at: 1, label: 'NaN' }],
    },
    drawing,
  );
  expect(svg).toContain('fill-opacity="0.16"');
  expect(svg).toContain('>limit</text>');
  expect(svg).toContain('<title>NaN</title>');
  expect(svg).not.toContain('>max</text>');
});

test.each([
  { isLogY: true, values: [0.001, 10] },
  { isLogY: false, values: [2, 2] },
  { isLogY: false, values: [-1e308, 1e308] },
])('no coordinate is lost: %j', ({ isLogY, values }) => {
  const svg = svgOf({ xKind: 'step', x: [1, 2], isLogY, series: [{ label: 'a', values }] }, drawing);
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
});
