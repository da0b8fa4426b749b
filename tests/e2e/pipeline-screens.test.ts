// A pipeline whose stages run at once, from the command line and on its page: what runs, what failed, what was left out
// because of it, and a run anew from a stage, from a commit.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient, type Client } from '@capstan/client';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { checkScreen, openPage, violations } from '../support/screens.ts';
import { capstan, emptyFolder, startServer, type RunningServer } from '../support/server.ts';

const PROJECT = 'shop';
const folder = join(emptyFolder(), PROJECT);
const gate = join(folder, 'work');

let server: RunningServer;
let browser: Browser;
let client: Client;

const untilThere = (file: string): string => `until [ -e ${gate}/${file} ]; do sleep 0.05; done`;

beforeAll(async () => {
  mkdirSync(gate, { recursive: true });
  writeFileSync(
    join(folder, 'capstan.yaml'),
    `project: ${PROJECT}
pipeline: dvc.yaml
charter:
  owner: tests
  decision: none
  value: {currency: USD, true_positive: 1, false_positive: -1, false_negative: -1, true_negative: 0}
`,
  );
  writeFileSync(
    join(folder, 'dvc.yaml'),
    `stages:
  prepare: {cmd: cat in.txt > table, deps: [in.txt], outs: [table]}
  train: {cmd: "${untilThere('go')}; cat table > model", deps: [table], outs: [model]}
  profile: {cmd: "${untilThere('fail')}; [ -e ${gate}/mended ] && echo ok > page", deps: [table], outs: [page]}
  report: {cmd: cat model page > report, deps: [model, page], outs: [report]}
`,
  );
  writeFileSync(join(folder, 'in.txt'), '1\n');
  writeFileSync(join(folder, '.gitignore'), 'work\n');
  git('init', '-q');
  git('add', '.');
  git('commit', '-qm', 'one');
  git('tag', 'v1');
  [server, browser] = await Promise.all([startServer(['--no-serving', '--stage-slots', '2']), launchBrowser()]);
  client = createClient({ baseUrl: server.url });
  expect(await capstan(['apply'], server.url, folder)).toMatchObject({ code: 0 });
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

function git(...args: string[]): void {
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd: folder });
}

test('stages at once, one that fails, one left out, and a run anew', { timeout: 180_000 }, async () => {
  const started = await capstan(['pipelines', 'start', '--commit', 'v1', '--keep-going', '--json'], server.url);
  expect(started).toMatchObject({ code: 0, err: '' });
  const { id, schema } = JSON.parse(started.out) as { id: string; schema: string };
  expect(schema).toBe('capstan/pipeline-run.v1');
  const look = () => client.pipelines.get({ params: { run: id } });
  for (;;) {
    const running = (await look()).stages.filter((stage) => stage.status === 'running');
    if (running.length === 2) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }

  const errors: string[] = [];
  for (const theme of ['light', 'dark']) {
    const opened = await openPage(browser, `${server.url}/pipeline-runs/${id}`, theme);
    const running = opened.page.getByRole('list', { name: 'Stages' }).getByRole('button', { name: 'running' });
    await expect
      .poll(() => running.allInnerTexts(), { timeout: 20_000 })
      .toEqual([expect.stringMatching(/^train\s+running$/), expect.stringMatching(/^profile\s+running$/)]);
    expect(await violations(opened.page)).toEqual([]);
    await opened.page.close();
    errors.push(...opened.errors);
  }
  const screen = { name: 'pipeline-run-failed', path: `/pipeline-runs/${id}`, heading: 'Pipeline run 1' };

  writeFileSync(join(gate, 'fail'), '');
  writeFileSync(join(gate, 'go'), '');
  for (;;) {
    if ((await look()).status === 'failed') break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const shown = await capstan(['pipelines', 'show', id], server.url);
  expect(shown.out).toMatch(/^report\s+skipped\s+0\s+left out because profile failed$/m);
  expect(shown.out).toMatch(/^code\s+commit [0-9a-f]{40}$/m);
  for (const theme of ['light', 'dark'])
    await checkScreen(browser, server.url, theme, {
      ...screen,
      text: 'skipped: profile failed',
      needs: '1 pipeline failed',
    });

  writeFileSync(join(gate, 'mended'), '');
  const failed = await openPage(browser, `${server.url}/pipeline-runs/${id}`, 'light');
  await failed.page.getByRole('list', { name: 'Stages' }).getByRole('button', { name: 'prepare' }).click();
  await failed.page.getByRole('button', { name: 'Run again from prepare' }).click();
  await failed.page.getByRole('heading', { level: 1, name: 'Pipeline run 2' }).waitFor();
  await failed.page.getByText('an earlier run, anew from prepare').waitFor();
  await failed.page.getByText('the commit', { exact: true }).waitFor();
  await failed.page.getByText('succeeded').first().waitFor({ timeout: 30_000 });
  expect([...errors, ...failed.errors]).toEqual([]);
  await failed.page.close();

  const again = await capstan(['pipelines', 'retry', id, '--wait'], server.url);
  expect(again.code, again.err).toBe(0);
  expect(again.out).toMatch(/^report\s+stored\s/m);
  const listed = await capstan(['pipelines', 'list', PROJECT], server.url);
  expect(listed.out.trimEnd().split('\n')).toHaveLength(4);
});

test('a mistake in a request says how to go on', { timeout: 60_000 }, async () => {
  const unknown = await capstan(['pipelines', 'start', '--commit', 'nowhere'], server.url);
  expect(unknown.code).toBe(2);
  expect(unknown.err).toMatch(/The repository of the project has no commit 'nowhere'\n\s+Fetch it there first/);
  const param = await capstan(['pipelines', 'start', '--param', 'depth'], server.url);
  expect(param.code).toBe(2);
  expect(param.err).toContain('Write FILE:KEY=VALUE');
});
