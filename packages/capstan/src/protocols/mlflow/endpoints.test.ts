import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { mlflowCalls, notOfferedAt, notOfferedByCapstan } from '@capstan/api';
import { expect, test } from 'vitest';
import { startMlflow } from './testing.ts';

const page = fileURLToPath(new URL('../../../../../docs/reference/mlflow-compatibility.md', import.meta.url));
const marks = /(<!-- endpoints:[^\n]*-->\n)[\s\S]*?(<!-- end of endpoints -->)/;

const places = { both: '/api and /ajax-api', ajax: '/ajax-api', root: '/' } as const;

/** What follows the version and `mlflow`: `runs`, `traces`, `mlflow-artifacts` … */
function areaOf(path: string): string {
  return /^\/\d\.0\/(mlflow-artifacts|mlflow\/([\w-]+))/.exec(path)?.slice(1).findLast(Boolean) ?? 'server';
}

function endpointsAsMarkdown(): string {
  const areas = new Map<string, string[]>();
  for (const { method, path, at } of Object.values(mlflowCalls)) {
    const lines = areas.get(areaOf(path)) ?? [];
    lines.push(`  - \`${method} ${path}\`${at === 'ajax' ? ` (under ${places.ajax} only)` : ''}`);
    areas.set(areaOf(path), lines);
  }
  const answered = [...areas]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([area, lines]) => `- **${area}**\n${lines.toSorted().join('\n')}`);
  const refused = notOfferedByCapstan.map(
    ({ area, paths, instead }) =>
      `- **${area}**: ${instead}\n${paths.map((path) => `  - \`${path}${path.endsWith('/') ? '…' : ''}\``).join('\n')}`,
  );
  return `Answered:\n\n${answered.join('\n')}\n\nNot answered:\n\n${refused.join('\n')}`;
}

test('the reference lists the calls that are answered, and the others with what to use instead', () => {
  const wanted = readFileSync(page, 'utf8').replace(
    marks,
    (_, begin: string, end: string) => `${begin}\n${endpointsAsMarkdown()}\n\n${end}`,
  );
  if (process.env['ENDPOINTS'] === 'write') writeFileSync(page, wanted);
  expect(readFileSync(page, 'utf8')).toBe(wanted);
});

test('what is not offered says so in the shape of MLflow, with what to use instead', async () => {
  const server = await startMlflow();
  for (const { paths, instead } of notOfferedByCapstan) {
    for (const path of paths) {
      const whole = path === '/graphql' ? path : `/api${path}`;
      for (const answer of [await server.get(whole), await server.send('POST', whole, {})]) {
        expect(answer.status, whole).toBe(404);
        expect(answer.json, whole).toMatchObject({
          error_code: 'ENDPOINT_NOT_FOUND',
          message: expect.stringContaining(instead),
        });
      }
    }
  }
});

test('no call that is answered is listed as one that is not', () => {
  const own = [
    '/3.0/mlflow/users/current/permissions',
    '/3.0/mlflow/users/permissions/get',
    '/2.0/mlflow/users/current',
  ];
  const both = Object.values(mlflowCalls).filter(({ path }) => notOfferedAt(`/api${path}`) && !own.includes(path));
  expect(both).toEqual([]);
});
