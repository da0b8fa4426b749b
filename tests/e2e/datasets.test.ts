// Data as people look at it: by commands and in a real browser. What is in a version, what changed, what its expectations
// would find, and the same for tools that read Croissant.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { checkScreen, openPage, violations } from '../support/screens.ts';
import { capstan, emptyFolder, startServer, type RunningServer } from '../support/server.ts';

const folder = emptyFolder();
const file = join(folder, 'capstan.yaml');
let server: RunningServer;
let browser: Browser;
const versions: string[] = [];
/** A version with rows in quarantine. */
let split = '';

const DECLARATION = `project: shop
charter:
  owner: tests
  decision: Which parcels to send by air
  value: {currency: USD, true_positive: 1, false_positive: -1, false_negative: -1, true_negative: 0}
datasets:
  parcels: {path: data/parcels.csv, key: [id], event_time: sent, expectations: expectations/parcels.yaml}
  empty: {path: data/empty.csv}
  letters: {path: data/letters.csv, expectations: expectations/letters.yaml}
`;
const LETTERS = `columns:
  weight: {type: number, range: [0, 500], on_failure: quarantine_rows}
  stamp: {missing_max: 0, domain: [green, red], on_failure: quarantine_rows}
  id: {unique: true, on_failure: quarantine_rows}
`;
const SUITE = `columns:
  kind: {domain: [box, bag, tube]}
  weight: {range: [0, 50], mean: [5, 15]}
  note: {missing_max: 0.9, severity: warn}
checks:
  - {name: heavy-by-road, sql: "weight < 19 or kind = 'box'"}
`;

function parcels(rows: number, heavier: number): string {
  const kinds = ['box', 'bag', 'tube'];
  const lines = Array.from({ length: rows }, (_, index) => {
    const kind = index % 20 === 19 ? 'box' : kinds[index % 3];
    const sent = new Date(Date.parse('2026-01-01T00:00:00Z') + index * 3_600_000).toISOString();
    return [index, kind, (index % 20) + heavier, index % 4 === 0 ? '' : `n${index % 7}`, sent].join(',');
  });
  return `id,kind,weight,note,sent\n${lines.join('\n')}\n`;
}

/** 400 letters, of which 16 have something wrong; numbers are written as nobody else would. */
function letters(): string {
  const lines = Array.from({ length: 400 }, (_, index) => {
    const stamp = index % 40 === 3 ? '' : index % 100 === 7 ? 'blue' : index % 2 === 0 ? 'green' : 'red';
    return [index === 399 ? 398 : index, `${index === 47 ? 900 : index % 50}.50`, stamp].join(',');
  });
  return `id,weight,stamp\n${lines.join('\n')}\n`;
}

const cli = (...args: string[]) => capstan(args, server.url);
const json = async (...args: string[]) => {
  const { out, err, code } = await cli(...args, '--json');
  expect(err, args.join(' ')).toBe('');
  expect(code, args.join(' ')).toBe(0);
  return JSON.parse(out) as Record<string, unknown>;
};

beforeAll(async () => {
  mkdirSync(join(folder, 'data'));
  mkdirSync(join(folder, 'expectations'));
  writeFileSync(file, DECLARATION);
  writeFileSync(join(folder, 'expectations', 'parcels.yaml'), SUITE);
  writeFileSync(join(folder, 'expectations', 'letters.yaml'), LETTERS);
  [server, browser] = await Promise.all([startServer(['--no-serving']), launchBrowser()]);
  expect((await cli('apply', '--file', file)).code).toBe(0);
  for (const [rows, heavier] of [
    [600, 0],
    [660, 0.25],
  ] as const) {
    writeFileSync(join(folder, 'data', 'parcels.csv'), parcels(rows, heavier));
    const registered = await json('datasets', 'register', 'shop', 'parcels', '--replace');
    expect(registered['status']).toBe('accepted');
    versions.push(String(registered['id']));
  }
  writeFileSync(join(folder, 'data', 'letters.csv'), letters());
  const { id, status } = await json('datasets', 'register', 'shop', 'letters');
  expect(status).toBe('accepted');
  split = String(id);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('by commands', () => {
  test('what is in a version and what changed', async () => {
    const { profile } = (await json('datasets', 'profile', 'parcels@1')) as { profile: { rows: number } };
    expect(profile.rows).toBe(600);
    expect((await cli('datasets', 'profile', 'parcels')).out).toMatch(/^660 rows\n\nCOLUMN/);
    const diff = await json('datasets', 'diff', 'parcels@1', 'parcels');
    expect(diff).toMatchObject({
      schema: 'capstan/dataset-diff.v1',
      rows: { key: ['id'], added: 60, removed: 0, changed: 600, cells: [{ column: 'weight', rows: 600 }] },
      schemaChanges: { changed: [{ name: 'weight', before: 'BIGINT', after: 'DOUBLE' }] },
    });
    expect((await cli('datasets', 'diff', 'parcels@1', 'parcels@2')).out).toContain('60 added, 0 removed, 600 changed');
    const rows = await json('datasets', 'preview', 'parcels', '--limit', '2', '--offset', '1');
    expect(rows).toMatchObject({ total: 660, items: [{ file: 'parcels.csv', row: 2 }, { row: 3 }] });
    expect((await cli('datasets', 'preview', 'parcels')).out).toContain('10 of 660 rows');
    expect(await json('datasets', 'usage', 'parcels@1')).toMatchObject({ pipelineRuns: [], models: [], derived: [] });
  });

  test('a first file of expectations, which holds', async () => {
    const target = join(folder, 'expectations', 'suggested.yaml');
    const { out, code } = await cli('expectations', 'suggest', 'parcels', '-o', target);
    expect(out).toMatch(/^\d+ rules from version 2 of parcels in /);
    expect(code).toBe(0);
    const text = readFileSync(target, 'utf8');
    expect(text).toContain('domain: [bag, box, tube] # all 3 values');
    expect((await cli('expectations', 'suggest', 'parcels@2')).out).toBe(text);
    expect((await cli('expectations', 'suggest', 'parcels', '-o', target)).code).toBe(5);
    expect((await cli('expectations', 'suggest', 'parcels', '-o', target, '--force')).code).toBe(0);
  });

  test('which faults the expectations find', async () => {
    const { out, code } = await cli('expectations', 'test', 'parcels', '--least', '1');
    expect(out).toMatch(/^parcels version 2, seed 0 \(et_\w+\): \d+ of \d+ faults found/);
    expect(out).toMatch(/yes +2 % of the values of kind are mistyped +domain of kind/);
    expect(out).toMatch(/no +a fifth of the values of kind are missing +columns\.kind\.missing_max: 0/);
    // Not all of them are.
    expect(code).toBe(10);
    const { tests } = (await json('expectations', 'tests', 'parcels')) as { tests: { score: number }[] };
    expect(tests[0]?.score).toBeGreaterThan(0.2);
  });

  test.each([
    [['datasets', 'profile', 'parcels@9'], 3, "No version 9 of parcels in 'shop'"],
    [['datasets', 'profile', 'Parcels!'], 2, 'names no version'],
    [['expectations', 'suggest', 'empty'], 3, "No accepted version of empty in 'shop'"],
    [['expectations', 'test', 'empty'], 5, 'no accepted version to put faults into'],
    [['expectations', 'test', 'parcels', '--faults', '0'], 2, 'Give a whole number of 1 or more'],
    [['datasets', 'diff', 'parcels', 'dv_none'], 3, 'dv_none'],
  ])('%j is refused with its reason', async (args, code, words) => {
    const found = await cli(...args);
    expect([found.code, found.err]).toEqual([code, expect.stringContaining(words)]);
  });
});

describe('rows in quarantine', () => {
  test('are told by rule, shown and written to a file; the others are the version, as they were written', async () => {
    expect((await cli('datasets', 'show', split)).out.trimEnd()).toBe(
      `letters version 1 (${split}): accepted, 384 rows in 1 files\n16 registered rows are in quarantine: capstan datasets quarantined letters@1 shows them`,
    );
    const { out } = await cli('datasets', 'quarantined', 'letters', '--limit', '3');
    expect(out).toMatch(/^16 of 400 rows registered with letters version 1 are in quarantine\n/);
    expect(out).toMatch(/missing_max +stamp +10 /);
    expect(out).toMatch(/letters\.csv +4 +missing_max of stamp +3 +3\.5/);
    expect(out).toContain('3 of 16 rows');
    const page = await json('datasets', 'quarantined', 'letters', '--rule', 'unique of id');
    expect(page).toMatchObject({
      schema: 'capstan/quarantined-rows.v1',
      rows: 16,
      registeredRows: 400,
      total: 1,
      items: [{ file: 'letters.csv', row: 400, values: [398, 49.5, 'red'], failed: ['unique of id'] }],
    });
    const target = join(folder, 'bad.csv');
    expect((await cli('datasets', 'quarantined', 'letters', '-o', target)).out).toBe(
      `16 rows of letters version 1 in ${target}\n`,
    );
    const bad = readFileSync(target, 'utf8').trimEnd().split('\n');
    expect(bad[0]).toBe('id,weight,stamp,capstan_source_file,capstan_source_row,capstan_failed_rules');
    const places = new Set(bad.slice(1).map((line) => Number(line.split(',')[4])));
    const good = letters()
      .split('\n')
      .filter((_, index) => !places.has(index));
    const file = await fetch(`${server.url}/api/v1/dataset-versions/${split}/files?path=letters.csv`);
    expect(await file.text()).toBe(good.join('\n'));
    expect((await cli('datasets', 'quarantined', 'letters', '-o', target)).code).toBe(5);
    expect((await cli('datasets', 'quarantined', 'letters', '-o', 'bad.xlsx')).code).toBe(2);
    expect((await cli('datasets', 'quarantined', 'parcels')).out).toBe(
      'No row of parcels version 2 is in quarantine.\n',
    );
  });

  test('are taken back when the rules ask less', async () => {
    const { page, errors } = await openPage(browser, `${server.url}/dataset-versions/${split}?tab=quarantine`, 'light');
    await page.getByRole('button', { name: 'Show rows that broke unique of id' }).click();
    await page.getByRole('heading', { name: 'Rows that broke unique of id' }).waitFor();
    await page.getByRole('cell', { name: '398' }).waitFor();
    writeFileSync(join(folder, 'expectations', 'letters.yaml'), LETTERS.replace('missing_max: 0, ', ''));
    await page.getByRole('button', { name: 'Check again' }).click();
    await page.getByText('letters version 2').first().waitFor();
    await page.getByRole('tab', { name: 'Quarantined rows' }).click();
    await page.getByText('6 of 400 registered rows in quarantine').waitFor({ timeout: 30_000 });
    expect(errors).toEqual([]);
    await page.close();
  });
});

describe('as Croissant', () => {
  test('names each file with its digest, and each column', async () => {
    const croissant = JSON.parse((await cli('datasets', 'croissant', 'parcels')).out) as {
      distribution: { contentUrl: string; sha256: string }[];
    };
    expect(croissant).toMatchObject({
      '@type': 'sc:Dataset',
      conformsTo: 'http://mlcommons.org/croissant/1.0',
      version: '2.0.0',
      recordSet: [
        {
          key: [{ '@id': 'rows/id' }],
          field: [
            { name: 'id', dataType: 'sc:Integer', source: { fileObject: { '@id': 'parcels.csv' } } },
            { name: 'kind', dataType: 'sc:Text' },
            { name: 'weight', dataType: 'sc:Float' },
            { name: 'note', dataType: 'sc:Text' },
            { name: 'sent', dataType: 'sc:DateTime' },
          ],
        },
      ],
    });
    const [only] = croissant.distribution;
    const bytes = Buffer.from(await (await fetch(only?.contentUrl ?? '')).arrayBuffer());
    expect(bytes.toString()).toBe(readFileSync(join(folder, 'data', 'parcels.csv'), 'utf8'));
    const { createHash } = await import('node:crypto');
    expect(only?.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  // 370 MB with what it needs: where somebody has it, TEST_MLCROISSANT names a Python that does.
  test.skipIf(process.env['TEST_MLCROISSANT'] === undefined)('is valid for mlcroissant, which reads the rows', () => {
    const program = `
import sys, mlcroissant
data = mlcroissant.Dataset(sys.argv[1])
rows = list(data.records('rows'))
print(len(data.metadata.issues.errors), len(rows), rows[1]['rows/id'], rows[1]['rows/kind'])`;
    const url = `${server.url}/api/v1/dataset-versions/${versions[1]}/croissant`;
    const said = execFileSync(process.env['TEST_MLCROISSANT'] ?? '', ['-c', program, url], {
      encoding: 'utf8',
      env: { ...process.env, HOME: folder, CROISSANT_CACHE: join(folder, 'cache') },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect(said.trim()).toBe("0 660 1 b'bag'");
  });
});

describe.each(['light', 'dark'])('%s', (theme) => {
  test('the screens of a dataset and of a version', async () => {
    const screens = [
      ['dataset-expectations', '/projects/shop/datasets/parcels?tab=expectations', 'parcels', 'would go unseen'],
      ['dataset-version-profile', `/dataset-versions/${versions[1]}?tab=profile`, 'parcels version 2', 'go together'],
      [
        'dataset-version-changes',
        `/dataset-versions/${versions[1]}?tab=changes`,
        'parcels version 2',
        'How columns are',
      ],
      ['dataset-version-quarantine', `/dataset-versions/${split}?tab=quarantine`, 'letters version 1', 'How to go on'],
      ['dataset-version-rows', `/dataset-versions/${versions[1]}?tab=rows`, 'parcels version 2', '1 to 50 of 660'],
    ] as const;
    for (const [name, path, heading, text] of screens)
      await checkScreen(browser, server.url, theme, { name, path, heading, text });
  });

  test('nothing to show says what to do', async () => {
    const { page, errors } = await openPage(
      browser,
      `${server.url}/projects/shop/datasets/empty?tab=expectations`,
      theme,
    );
    await page.getByText('capstan expectations suggest empty').waitFor();
    await page.getByRole('button', { name: 'Test the expectations' }).click();
    await page.getByText('no accepted version to put faults into').waitFor();
    expect(await violations(page)).toEqual([]);
    await page.goto(`${server.url}/dataset-versions/${versions[0]}?tab=use`);
    await page.getByText('Nothing was made of this version yet').waitFor();
    expect(await violations(page)).toEqual([]);
    // The refusal of the test is an answer of the server that the browser logs.
    expect(errors.filter((error) => !error.includes('409'))).toEqual([]);
    await page.close();
  });
});

test('from the dataset to a test, and through the parts of a version', async () => {
  const { page } = await openPage(browser, `${server.url}/projects/shop/datasets/parcels`, 'light');
  await page.getByRole('tab', { name: 'Expectations' }).click();
  await page.getByRole('button', { name: 'Test the expectations' }).click();
  await page.getByRole('combobox', { name: 'Test' }).waitFor({ timeout: 60_000 });
  await page.getByText('faults found').first().waitFor({ timeout: 60_000 });
  await page.goto(`${server.url}/dataset-versions/${versions[1]}?tab=changes`);
  await page.getByRole('combobox', { name: 'Since' }).waitFor();
  await page.getByRole('table').getByText('weight').first().waitFor();
  await page.getByRole('tab', { name: 'Rows' }).click();
  await page.getByRole('button', { name: 'Rows after' }).click();
  await page.getByText('51 to 100 of 660').waitFor();
  await page.close();
});
