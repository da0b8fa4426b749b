// Replicas that missed a rollout and cannot load what it deployed go on with the revision that they have. Where another
// replica answers as it should they get no requests: one that shares its port leaves it, one by itself refuses; and they
// answer again as soon as nobody else does, or as they agree.
import { createClient } from '@capstan/client';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../support/browser.ts';
import { openPage, shots, violations } from '../support/screens.ts';
import { registerModel } from '../support/served-models.ts';
import { capstan, emptyFolder, startServer, startServing } from '../support/server.ts';
import { weightyModel } from '../support/weighty-model.ts';

const NAME = 'weighty';
const SMALL_ROWS = 2 ** 10;
/** 64 MiB, which is more than the budget of those that differ. */
const LARGE_ROWS = 2 ** 23;
const SMALL_BUDGET = '--model-memory-budget=33554432';
/** They differ for a minute before anything is withheld. */
const GRACE = { timeout: 90_000, interval: 500 };
const SOON = { timeout: 20_000, interval: 200 };
const ASKED = 40;

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser?.close());

/** The seed of the model that answered, or the status. Each on a connection of its own. */
async function ask(url: string): Promise<number | string> {
  const response = await fetch(`${url}/v2/models/${NAME}/infer`, {
    method: 'POST',
    headers: { connection: 'close' },
    body: JSON.stringify({ inputs: [{ name: 'x', datatype: 'INT64', shape: [1], data: [7] }] }),
  });
  if (!response.ok)
    return `${response.status} retry-after ${response.headers.get('retry-after')}: ${await response.text()}`;
  return ((await response.json()) as { outputs: [{ data: [number, number] }] }).outputs[0].data[0];
}

async function answersOf(url: string): Promise<(number | string)[]> {
  const answers = new Set<number | string>();
  for (let count = 0; count < ASKED; count++) answers.add(await ask(url));
  return [...answers].toSorted((a, b) => String(a).localeCompare(String(b)));
}

/** The page of the deployment down to its replicas, as they are now. */
async function picture(url: string, theme: string): Promise<void> {
  const { page, errors } = await openPage(browser, `${url}/deployments/${NAME}`, theme);
  await page.getByText('differs, gets no requests').nth(1).waitFor();
  await page.getByText('replica differs', { exact: true }).waitFor();
  const bar = page.getByRole('banner').getByRole('link', { name: '2 replicas differ' });
  expect(await bar.getAttribute('href')).toBe(`/deployments/${NAME}`);
  await page.setViewportSize({ width: 1440, height: 1200 });
  await page.screenshot({ path: `${shots}replica-differs-${theme}.png` });
  expect(await violations(page)).toEqual([]);
  expect(errors).toEqual([]);
  await page.close();
}

test(
  'replicas that differ get no requests while another answers, and get them again',
  { timeout: 240_000 },
  async () => {
    const control = await startServer(['--no-serving']);
    onTestFinished(async () => void (await control.stop()));
    const client = createClient({ baseUrl: control.url });
    const start = async (folder: string, flags: readonly string[]) => {
      const plane = await startServing(control.url, ['--no-grpc', ...flags], folder);
      onTestFinished(plane.kill);
      return plane;
    };
    const deploy = async (version: number): Promise<void> => {
      const body = { model: NAME, version, guards: false };
      const { id } = await client.deployments.start({ params: { deployment: NAME }, body });
      const state = async () => (await client.deployments.rollout({ params: { rollout: id } })).state;
      await vi.waitFor(async () => expect(await state()).toBe('promoted'), SOON);
    };
    const replicas = async () => (await client.deployments.get({ params: { deployment: NAME } })).replicas;
    const withheld = async () => (await replicas()).filter(({ isWithheld }) => isWithheld).length;
    for (const [seed, rows] of [
      [1, SMALL_ROWS],
      [2, LARGE_ROWS],
    ] as const) {
      const files = { 'model.onnx': weightyModel(seed, rows), MLmodel: 'flavors:\n  onnx: {data: model.onnx}\n' };
      await registerModel(control.url, NAME, files);
    }

    const shared = emptyFolder();
    const alone = emptyFolder();
    const ofTwo = ['--serving-processes=2', '--ready-within=60000'];
    const before = [await start(shared, [...ofTwo, '--process=1', SMALL_BUDGET]), await start(alone, [SMALL_BUDGET])];
    await deploy(1);
    for (const plane of before) await plane.stop();

    const port = `--serving-port=${new URL(before[0]?.url ?? '').port}`;
    const good = await start(shared, [...ofTwo, '--process=0', port]);
    await deploy(2);
    await start(shared, [...ofTwo, '--process=1', port, SMALL_BUDGET]);
    const lone = await start(alone, [SMALL_BUDGET]);
    // They have missed it: what they can answer with is the state from before.
    expect(await answersOf(good.url)).toEqual([1, 2]);
    expect(await ask(lone.url)).toBe(1);

    const refused = expect.stringMatching(/^503 retry-after 1: .*does not answer for weighty.*cannot serve revision 2/);
    await vi.waitFor(async () => expect(await ask(lone.url)).toEqual(refused), GRACE);
    await vi.waitFor(async () => expect(await answersOf(good.url)).toEqual([2]), SOON);
    expect(await withheld()).toBe(2);
    const { out } = await capstan(['deployments', 'show', NAME], control.url);
    expect(out.match(/differs and gets no requests: it cannot serve revision 2/g)).toHaveLength(2);
    await Promise.all(['light', 'dark'].map((theme) => picture(control.url, theme)));
    const ready = async (path: string): Promise<number> => (await fetch(lone.url + path)).status;
    expect([await ready('/v2/health/ready'), await ready('/v2/health/live')]).toEqual([503, 200]);
    expect(await ready(`/v2/models/${NAME}/ready`)).toBe(503);

    // Without the one that agrees, theirs are the only answers.
    await good.stop();
    await vi.waitFor(async () => expect([await ask(lone.url), await answersOf(good.url)]).toEqual([1, [1]]), SOON);
    expect([await withheld(), (await replicas()).every(({ differences }) => differences.length > 0)]).toEqual([
      0,
      true,
    ]);

    const startAgain = async () => {
      const plane = await start(shared, [...ofTwo, '--process=0', port]);
      await vi.waitFor(
        async () => expect([await answersOf(plane.url), await ask(lone.url)]).toEqual([[2], refused]),
        SOON,
      );
      return plane;
    };
    // Killed, it is missed by the end of its connection, long before its reports are.
    const killed = await startAgain();
    await killed.kill();
    await vi.waitFor(async () => expect([await ask(lone.url), await answersOf(killed.url)]).toEqual([1, [1]]), SOON);
    expect((await replicas()).map(({ isCurrent, differences }) => [isCurrent, differences.length])).toEqual(
      expect.arrayContaining([
        [false, 0],
        [true, 1],
        [true, 1],
      ]),
    );

    const again = await startAgain();

    // What everybody can load is answered by all.
    await deploy(1);
    await vi.waitFor(async () => expect(await withheld()).toBe(0), SOON);
    await vi.waitFor(async () => expect([await answersOf(again.url), await ask(lone.url)]).toEqual([[1], 1]), SOON);
    const facts = (await client.system.events({ query: { limit: 200 } })).items.map(({ type }) => type);
    const count = (type: string): number => facts.filter((each) => each === type).length;
    expect([count('replica.withheld'), count('replica.restored')]).toEqual([6, 6]);
  },
);
