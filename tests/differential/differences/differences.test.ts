import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { toMarkdown } from './document.ts';
import { differences } from './index.ts';

const page = fileURLToPath(new URL('../../../docs/reference/mlflow-compatibility.md', import.meta.url));
const marks = /(<!-- differences:[^\n]*-->\n)[\s\S]*?(<!-- end of differences -->)/;

test('the reference has the list of differences that the differential test reads', () => {
  const wanted = readFileSync(page, 'utf8').replace(
    marks,
    (_, begin: string, end: string) => `${begin}\n${toMarkdown()}\n\n${end}`,
  );
  if (process.env['DIFFERENCES'] === 'write') writeFileSync(page, wanted);
  expect(readFileSync(page, 'utf8')).toBe(wanted);
});

test('each difference has a name of its own and says everything', () => {
  expect(new Set(differences.map(({ name }) => name)).size).toBe(differences.length);
  for (const { name, ...rest } of differences) {
    expect(name).toMatch(/^[a-z0-9-]+$/);
    for (const words of [rest.calls, rest.mlflow, rest.capstan, rest.why]) expect(words).not.toBe('');
  }
});
