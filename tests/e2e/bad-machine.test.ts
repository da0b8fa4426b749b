// What the machine does to a user: ports that are taken, processes that are killed, a disk that is full. Nothing that was
// acknowledged is lost, and what cannot be done is said with the way out.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@capstan/client';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { capstan, emptyFolder, startServer, startServing, type RunningServer } from '../support/server.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { FLIGHT, MODEL, PROJECT, registerModel, smallFlights, smallModel } from '../support/small-flights.ts';

const folder = smallFlights();
afterAll(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

async function done(url: string, ...args: string[]): Promise<void> {
  const { code, err, out } = await capstan(args, url);
  expect(code, `${args.join(' ')}: ${err}${out}`).toBe(0);
}

/** The project with a model that answers. Returns where. */
async function serve(url: string): Promise<string> {
  const client = createClient({ baseUrl: url });
  const params = { deployment: MODEL };
  await client.projects.apply({ body: { folder, text: readFileSync(join(folder, 'capstan.yaml'), 'utf8') } });
  await client.datasets.register({ params: { project: PROJECT, dataset: 'airlines' }, body: {} });
  const version = await registerModel(url, smallModel());
  await client.deployments.start({ params, body: { version, guards: false } });
  await until('a champion', async () => (await client.deployments.get({ params })).champion !== undefined);
  return (await client.deployments.get({ params })).replicas[0]?.url ?? '';
}

/** The process of the data plane that a server runs beside itself. */
function planeOf({ data }: RunningServer): number {
  return (JSON.parse(readFileSync(join(data, 'serving/process.holder.json'), 'utf8')) as { pid: number }).pid;
}

async function post(url: string, body: object = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, type: response.headers.get('content-type') ?? '', text: await response.text() };
}

const ask = (plane: string, id: string) =>
  post(`${plane}/models/${MODEL}/invocations`, { dataframe_records: [{ ...FLIGHT, example_id: id }] });

const logRun = (url: string, name: string) =>
  post(`${url}/api/2.0/mlflow/runs/create`, { experiment_id: '0', run_name: name });

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await isSo().catch(() => false)); tries++) {
    if (tries > 600) throw new Error(`it never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** What a server knows of what was acknowledged. */
async function known(url: string): Promise<{ runs: string[]; answers: string[] }> {
  const client = createClient({ baseUrl: url });
  const { items } = await client.experiments.searchRuns({ body: { experimentIds: ['0'], limit: 1000 } });
  const answers = await client.predictions.list({ params: { deployment: MODEL }, query: { limit: 500 } });
  return {
    runs: items.map(({ name }) => name).filter((name) => name !== MODEL),
    answers: answers.items.map(({ exampleId }) => exampleId),
  };
}

describe('a taken port', () => {
  let taken: RunningServer;
  beforeEach(async () => {
    taken = await startServer(['--no-serving']);
  });
  afterEach(() => taken.stop());

  test.each([
    ['control plane', '--port', '--serving-port'],
    ['data plane', '--serving-port', '--port'],
  ])('of the %s ends the start at once: code 5, the port, the flag', async (_, flag, other) => {
    const { port } = new URL(taken.url);
    const data = emptyFolder();
    const { code, err } = await capstan(['up', flag, port, other, '0', '--data', data]);
    expect(code, err).toBe(5);
    expect(err.match(new RegExp(`Port ${port} of 127.0.0.1 is taken`, 'g'))).toHaveLength(1);
    expect(err).toMatch(flag === '--port' ? /choose another port/ : /another --serving-port/);
    // Nothing stays behind that would hold the data.
    const server = await startServer([], data);
    expect(await server.stop()).toBe(0);
  });
});

describe('kill -9', () => {
  const running: { stop(): Promise<number | null> }[] = [];
  const started = <Running extends { stop(): Promise<number | null> }>(one: Running): Running => {
    running.push(one);
    return one;
  };
  afterEach(async () => {
    for (const one of running.splice(0)) await one.stop();
  });

  test('of both planes at once: what was acknowledged is there after a start, each once', async () => {
    const server = started(await startServer());
    const plane = await serve(server.url);
    const acknowledged = { runs: [] as string[], answers: [] as string[] };
    const work = Array.from({ length: 400 }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, index * 4));
      const [run, answer] = await Promise.allSettled([logRun(server.url, `r${index}`), ask(plane, `a${index}`)]);
      if (run.status === 'fulfilled' && run.value.status === 200) acknowledged.runs.push(`r${index}`);
      if (answer.status === 'fulfilled' && answer.value.status === 200) acknowledged.answers.push(`a${index}`);
    });
    await until('answers', async () => acknowledged.answers.length > 50 && acknowledged.runs.length > 50);
    process.kill(planeOf(server), 'SIGKILL');
    await server.kill();
    await Promise.all(work);
    expect(acknowledged.runs.length).toBeLessThan(400);

    const again = started(await startServer([], server.data));
    await until('the answers', async () => (await known(again.url)).answers.length >= acknowledged.answers.length);
    const { runs, answers } = await known(again.url);
    expect(runs).toEqual(expect.arrayContaining(acknowledged.runs));
    expect(answers).toEqual(expect.arrayContaining(acknowledged.answers));
    expect([new Set(runs).size, new Set(answers).size]).toEqual([runs.length, answers.length]);
    await done(again.url, 'audit', 'verify');
  });

  test('of the data plane: it answers again at the same place, and every answer counts once', async () => {
    const server = started(await startServer());
    const plane = await serve(server.url);
    expect(await ask(plane, 'before')).toMatchObject({ status: 200 });
    process.kill(planeOf(server), 'SIGKILL');
    await until('an answer', async () => (await ask(plane, 'after')).status === 200);
    await until('both answers', async () => (await known(server.url)).answers.length === 2);
    expect((await known(server.url)).answers.toSorted()).toEqual(['after', 'before']);
    await done(server.url, 'audit', 'verify');
    expect(await server.stop()).toBe(0);
  });

  test('of the control plane: the data plane goes on answering, and hands over when it is back', async () => {
    const control = started(await startServer(['--no-serving']));
    const serving = started(await startServing(control.url));
    await serve(control.url);
    await control.kill();
    expect(await ask(serving.url, 'alone')).toMatchObject({ status: 200 });
    expect((await post(`${serving.url}/api/v1/serving/flush`)).status).toBe(503);

    const again = started(await startServer(['--no-serving', '--port', new URL(control.url).port], control.data));
    await until('the answer', async () => (await known(again.url)).answers.includes('alone'));
    expect((await known(again.url)).answers).toEqual(['alone']);
    await done(again.url, 'audit', 'verify');
  });
});

const disk = await mountSmallDisk('64m');
describe.skipIf(typeof disk === 'string')(`a full disk${typeof disk === 'string' ? ` (skipped: ${disk})` : ''}`, () => {
  if (typeof disk === 'string') return;
  const data = join(disk.folder, 'data');
  const flags = ['--check-replies'];
  let server: RunningServer;
  afterAll(async () => {
    await server?.stop();
    await disk.remove();
  });

  test('is an outage of writes only, and nothing that was acknowledged is lost', async () => {
    server = await startServer(flags, data, disk);
    const plane = await serve(server.url);
    const client = createClient({ baseUrl: server.url });
    const runs: string[] = [];
    const answers: string[] = [];
    const tryRun = async (name: string) => {
      const reply = await logRun(server.url, name);
      if (reply.status === 200) runs.push(name);
      return reply;
    };
    const tryAnswer = async (id: string) => {
      const reply = await ask(plane, id);
      if (reply.status === 200) answers.push(id);
      return reply;
    };
    await Promise.all([tryRun('before'), tryAnswer('before')]);
    expect([runs, answers]).toEqual([['before'], ['before']]);
    expect(disk.fill()).toBeGreaterThan(0);

    // Writes are refused in the words of each protocol. A log has room to the end of its last page: until that is full.
    const many = await Promise.all(Array.from({ length: 100 }, (_, index) => tryRun(`full${index}`)));
    const refused = many.filter(({ status }) => status !== 200);
    expect(refused.length).toBeGreaterThan(50);
    for (const { status, text } of refused) {
      expect(status).toBe(507);
      expect(JSON.parse(text)).toMatchObject({
        error_code: 'RESOURCE_EXHAUSTED',
        message: expect.stringMatching(/no space left .*\. Free some space; reads go on/),
      });
    }
    let last = await tryAnswer('full0');
    for (let index = 1; index < 60 && last.status === 200; index++) last = await tryAnswer(`full${index}`);
    expect(last).toMatchObject({ status: 507, text: expect.stringMatching(/cannot be logged.*Free some space/) });
    const outcome = { outcomes: [{ id: 'before', label: 1 }] };
    const problem = await post(`${server.url}/api/v1/deployments/${MODEL}/outcomes`, outcome);
    expect(problem).toMatchObject({ status: 507, type: expect.stringMatching(/^application\/problem\+json/) });
    expect(JSON.parse(problem.text)).toMatchObject({ code: 'STORAGE_FULL', hint: expect.stringMatching(/Free/) });
    const registered = await capstan(['datasets', 'register', PROJECT, 'flights'], server.url);
    expect(registered).toMatchObject({ code: 1, err: expect.stringMatching(/no space left.*\n.*Free space/i) });

    // Reads go on, and readiness says what is wrong.
    expect(await client.projects.get({ params: { project: PROJECT } })).toMatchObject({ revision: 1 });
    expect((await known(server.url)).runs.toSorted()).toEqual(runs.toSorted());
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
    await done(server.url, 'audit', 'verify');

    // Without a restart.
    disk.free();
    expect(await tryRun('after')).toMatchObject({ status: 200 });
    expect(await tryAnswer('after')).toMatchObject({ status: 200 });
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    await done(server.url, 'datasets', 'register', PROJECT, 'flights');
    expect((await post(`${plane}/api/v1/serving/flush`)).status).toBe(200);

    await server.kill();
    server = await startServer(flags, data, disk);
    const kept = await known(server.url);
    expect(kept.runs.toSorted()).toEqual(runs.toSorted());
    expect(kept.answers.toSorted()).toEqual(answers.toSorted());
    await done(server.url, 'audit', 'verify');
  });

  test('refuses a start with the way out, and leaves the data as they are', async () => {
    const before = await known(server.url);
    await server.stop();
    disk.fill();
    await expect(startServer(flags, data, disk)).rejects.toThrow(/ended with 1 .*no space left.*Free/is);
    disk.free();
    server = await startServer(flags, data, disk);
    expect(await known(server.url)).toEqual(before);
  });
});
