// A model that is deployed without a project: the table, its page in both themes, a request that runs as it is pasted, a
// data plane that is still loading, and the way back to an earlier revision by the keyboard alone.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { createClient, type Client } from '@capstan/client';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { checkScreen, openPage, violations } from '../support/screens.ts';
import { deploy, MODELS, registerModel } from '../support/served-models.ts';
import { startServer, type RunningServer } from '../support/server.ts';

const NAME = 'one-float';
const params = { deployment: NAME };
const NOTE = 'building its Python environment: Downloading numpy';
const run = promisify(execFile);
let server: RunningServer;
let browser: Browser;
let client: Client;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(['--check-replies']), launchBrowser()]);
  client = createClient({ baseUrl: server.url });
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** One more version, whose files differ from those of the others, as the champion. */
async function deployAnother(): Promise<void> {
  await registerModel(server.url, NAME, {
    'model.onnx': readFileSync(MODELS[NAME]),
    MLmodel: `# ${crypto.randomUUID()}\nflavors:\n  onnx: {data: model.onnx}\n`,
  });
  await deploy(server.url, NAME);
}

async function opened(path: string, needs = 'All quiet'): Promise<{ page: Page; errors: string[] }> {
  const at = await openPage(browser, server.url + path, 'light');
  await at.page.getByRole('banner').getByText(needs, { exact: true }).waitFor();
  return at;
}

test('before anything is deployed, the table says how to', async () => {
  const { page } = await opened('/deployments');
  await page.getByText('capstan deploy MODEL --wait').waitFor();
  await page.getByText('A project may declare a deployment').waitFor();
  await page.getByRole('link', { name: 'see the models' }).click();
  await page.getByRole('heading', { level: 1, name: 'Models' }).waitFor();
  await page.close();
});

describe('once three revisions were champion', () => {
  beforeAll(async () => {
    for (let version = 1; version <= 3; version++) await deployAnother();
  });

  test.each(['light', 'dark'])('%s: table and page', async (theme) => {
    const shown = { name: 'undeclared-deployments', path: '/deployments', heading: 'Deployments', text: 'no project' };
    await checkScreen(browser, server.url, theme, shown);
    const path = `/deployments/${NAME}`;
    const page = { name: 'undeclared-deployment', path, heading: NAME, text: 'Go back to this' };
    await checkScreen(browser, server.url, theme, page);
    const tried = {
      name: 'undeclared-try-it',
      path: `${path}?tab=try`,
      heading: NAME,
      text: 'Open Inference Protocol',
    };
    await checkScreen(browser, server.url, theme, tried);
  });

  test('the table says what answers, where and for whom', async () => {
    const { page } = await opened('/deployments');
    const cells = page.getByRole('row', { name: NAME }).getByRole('cell');
    await cells.first().waitFor();
    expect(await cells.allInnerTexts()).toEqual([
      NAME,
      'healthy',
      `${NAME} v3`,
      'onnx',
      'none',
      '1 of 1',
      'no project',
    ]);
    await page.close();
  });

  test('what cannot be said without a declaration is left out', async () => {
    const { page } = await opened(`/deployments/${NAME}`);
    await page.getByRole('heading', { name: 'Replicas' }).waitFor();
    const sections = await page.getByRole('heading', { level: 2 }).allInnerTexts();
    expect(sections).toEqual(['Traffic', 'Rollout', 'Revisions', 'Replicas', 'Breaker']);
    expect(await page.getByText(/Threshold|loss budget/i).count()).toBe(0);
    await page.close();
  });

  test('the request of “Try it” is answered as it is pasted', async () => {
    const { page } = await opened(`/deployments/${NAME}?tab=try`);
    const snippet = page.getByRole('tabpanel').locator('pre');
    const { stdout } = await run('bash', ['-c', await snippet.innerText()]);
    const answer = JSON.parse(stdout) as { outputs: unknown[] };
    expect(answer.outputs).toContainEqual({ name: 'out_FP32', datatype: 'FP32', shape: [1, 2], data: [0.5, 0.5] });
    await page.getByLabel('Language').selectOption('typescript');
    const code = await snippet.innerText();
    expect((await run(process.execPath, ['--input-type=module', '-e', code])).stdout).toContain(`'${NAME}'`);
    await page.close();
  });

  test('by the keyboard, with a reason, the first revision answers again', async () => {
    const { page, errors } = await opened(`/deployments/${NAME}`);
    const back = page.getByRole('button', { name: 'Go back to this: Go back to revision 1' });
    await back.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Go back to revision 1' });
    await dialog.waitFor();
    expect(await violations(page)).toEqual([]);
    expect(await page.evaluate('document.activeElement.tagName')).toBe('TEXTAREA');
    await page.keyboard.type('later versions answer nonsense');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Go back to this: Go back to revision 3' }).waitFor();
    await page.getByText('and 1 time before').waitFor();
    expect(await client.deployments.get({ params })).toMatchObject({ champion: { number: 1 } });
    const { items } = await client.deployments.revisions({ params });
    expect(items.map(({ number, championIn }) => [number, championIn.map(({ to }) => to === null)])).toEqual([
      [3, [false]],
      [2, [false]],
      [1, [false, true]],
    ]);
    expect(errors).toEqual([]);
    await page.close();
  });

  test('what a replica is loading, and what fails there, is told as it says', async () => {
    await client.serving.report({
      params: { replica: 'another' },
      body: {
        url: 'http://127.0.0.1:1',
        snapshotVersion: 1,
        serving: [],
        failures: [{ ...params, revision: 2, reason: 'no such package' }],
        loading: [{ ...params, revision: 1, note: NOTE }],
        counters: {
          rowsAnswered: 0,
          requestsFailed: 0,
          shadowRowsDropped: 0,
          segmentsWaiting: 0,
          segmentsRejected: 0,
        },
      },
    });
    const { page } = await opened(`/deployments/${NAME}`, '1 revision fails');
    for (const text of [NOTE, 'loading revision 1', 'revision 2 fails', 'no such package']) {
      await page.getByText(text, { exact: true }).waitFor();
    }
    expect(await violations(page)).toEqual([]);
    await page.close();
  });
});
