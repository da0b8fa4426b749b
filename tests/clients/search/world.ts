// The same experiments, runs, models and versions in every server, written over MLflow's REST API.
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom, type Random } from './random.ts';

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** One server, and what its ids stand for. */
export interface World {
  readonly name: string;
  call(method: string, path: string, message: object): Promise<Answer>;
  /** Ids by label, and labels by id: ids are made by the server. */
  readonly ids: Map<string, string>;
  readonly labels: Map<string, string>;
}

export function emptyWorld(name: string, url: string): World {
  return {
    name,
    ids: new Map(),
    labels: new Map(),
    async call(method, path, message) {
      const query = method === 'GET' ? `?${new URLSearchParams(message as Record<string, string>).toString()}` : '';
      const response = await fetch(`${url}/api/2.0/mlflow/${path}${query}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(method !== 'GET' && { body: JSON.stringify(message) }),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
  };
}

export const START = 1_700_000_000_000;
export const experimentNames = ['alpha', 'Alpha_2', 'beta', 'be%ta', "o'brien", 'gamma', 'gone', 'Gone 2'];
/** Experiments with runs and logged models. */
export const runExperiments = ['alpha', 'beta', 'gamma'];
export const runNames = Array.from({ length: 48 }, (_, index) => `${index % 3 === 0 ? 'Run' : 'run'}-${index}`);
export const paramValues = ['0.1', '0.01', 'xgb', 'XGB', 'x_b', 'a%b', 'long text', "it's", '1'];
export const tagValues = ['a', 'A', 'b', 'ab', '', 'true', 'false', '10', '9'];
export const metricValues = [0, 1, -1, 0.5, 0.25, 1e-9, 1e12, -3.75, 2, 2];
export const statuses = ['RUNNING', 'FINISHED', 'FAILED', 'KILLED', 'SCHEDULED'];
export const users = ['ada', 'Ada', 'bob', ''];
export const datasetNames = ['flights', 'Flights', 'iris'];
export const contexts = ['training', 'eval'];
export const modelNames = ['late', 'Late', 'la_e', 'early', 'm-1', 'm-2', 'm-10', 'prompt-a', 'prompt-b'];
export const sources = ['s3://bucket/a', 's3://bucket/B', 's3://other/a'];
export const loggedNames = Array.from({ length: 18 }, (_, index) => `${index % 2 === 0 ? 'net' : 'Tree'}_${index}`);

/** Writes everything. Times that servers stamp are told apart by waiting. @throws Error when a call is refused */
export async function fill(world: World, seed: number): Promise<void> {
  const random = seededRandom(seed);
  await fillExperiments(world, random);
  for (const [index, name] of runNames.entries()) await fillRun(world, random, name, index);
  for (const name of loggedNames) await fillLoggedModel(world, random, name);
  for (const name of modelNames) await fillModel(world, random, name);
  for (let index = 0; index < 30; index++) await fillVersion(world, random);
}

async function must(world: World, method: string, path: string, message: object): Promise<Record<string, unknown>> {
  const { status, body } = await world.call(method, path, message);
  if (status !== 200) throw new Error(`${world.name} answered ${path} with ${status}: ${JSON.stringify(body)}`);
  return body;
}

function label(world: World, kind: string, name: string, id: string): string {
  world.ids.set(`${kind}:${name}`, id);
  world.labels.set(`${kind}:${id}`, name);
  return id;
}

function idOf(world: World, kind: string, name: string): string {
  return world.ids.get(`${kind}:${name}`) ?? '';
}

function someOf<Item>(random: Random, items: readonly Item[], share: number): Item[] {
  return items.filter(() => random.chance(share));
}

async function fillExperiments(world: World, random: Random): Promise<void> {
  label(world, 'experiment', 'Default', '0');
  for (const name of experimentNames) {
    await sleep(4);
    const tags = someOf(random, ['team', 'kind'], 0.7).map((key) => ({ key, value: random.pick(tagValues) }));
    const { experiment_id: id } = await must(world, 'POST', 'experiments/create', { name, tags });
    label(world, 'experiment', name, String(id));
  }
  for (const name of ['gone', 'Gone 2']) {
    await sleep(4);
    await must(world, 'POST', 'experiments/delete', { experiment_id: idOf(world, 'experiment', name) });
  }
}

async function fillRun(world: World, random: Random, name: string, index: number): Promise<void> {
  const experimentId = idOf(world, 'experiment', random.pick(runExperiments));
  const created = await must(world, 'POST', 'runs/create', {
    experiment_id: experimentId,
    run_name: name,
    // Unlike each other, and in no order: ties are broken by ids, which are each server's own.
    start_time: START + ((index * 7_919) % 1_000) * 1_000,
    user_id: random.pick(users),
  });
  const { run_id: id } = (created['run'] as { info: { run_id: string } }).info;
  label(world, 'run', name, id);
  const metrics = someOf(random, ['acc', 'loss', 'f 1'], 0.7).flatMap((key) =>
    [0, 1].map((step) => ({
      key,
      step,
      timestamp: START + step,
      value: random.chance(0.15) ? 'NaN' : random.pick(metricValues),
    })),
  );
  await must(world, 'POST', 'runs/log-batch', {
    run_id: id,
    metrics,
    params: someOf(random, ['lr', 'model', 'my param'], 0.6).map((key) => ({ key, value: random.pick(paramValues) })),
    tags: someOf(random, ['team', 'a.b', 'my tag'], 0.6).map((key) => ({ key, value: random.pick(tagValues) })),
  });
  if (random.chance(0.4)) {
    const dataset = {
      name: random.pick(datasetNames),
      digest: random.pick(['d1', 'D2']),
      source_type: 'x',
      source: 'y',
    };
    const tags = random.chance(0.7) ? [{ key: 'mlflow.data.context', value: random.pick(contexts) }] : [];
    await must(world, 'POST', 'runs/log-inputs', { run_id: id, datasets: [{ dataset, tags }] });
  }
  if (random.chance(0.7)) {
    const end_time = random.chance(0.6) ? START + random.below(5) * 250_000 : undefined;
    await must(world, 'POST', 'runs/update', { run_id: id, status: random.pick(statuses), end_time });
  }
  if (random.chance(0.15)) await must(world, 'POST', 'runs/delete', { run_id: id });
}

async function fillLoggedModel(world: World, random: Random, name: string): Promise<void> {
  await sleep(4);
  const active = runNames.filter((run) => world.ids.has(`run:${run}`));
  const created = await must(world, 'POST', 'logged-models', {
    experiment_id: idOf(world, 'experiment', random.pick(runExperiments)),
    name,
    model_type: random.pick(['classifier', 'Agent', '']),
    ...(random.chance(0.6) && { source_run_id: idOf(world, 'run', random.pick(active)) }),
    params: someOf(random, ['lr', 'depth'], 0.7).map((key) => ({ key, value: random.pick(paramValues) })),
    tags: someOf(random, ['team', 'kind'], 0.7).map((key) => ({ key, value: random.pick(tagValues) })),
  });
  const { model_id: id } = (created['model'] as { info: { model_id: string } }).info;
  label(world, 'logged', name, id);
  const run = await must(world, 'POST', 'runs/create', { experiment_id: '0', start_time: START });
  const { run_id } = (run['run'] as { info: { run_id: string } }).info;
  for (const [index, key] of someOf(random, ['auc', 'auc', 'rmse'], 0.7).entries()) {
    const dataset = random.chance(0.6)
      ? { dataset_name: random.pick(datasetNames), dataset_digest: random.pick(['d1', 'D2']) }
      : {};
    const value = random.pick(metricValues);
    const point = { key, value, step: random.below(3), timestamp: START + index };
    await must(world, 'POST', 'runs/log-metric', { run_id, ...point, model_id: id, ...dataset });
  }
}

async function fillModel(world: World, random: Random, name: string): Promise<void> {
  await sleep(4);
  const tags = someOf(random, ['team', 'kind'], 0.7).map((key) => ({ key, value: random.pick(tagValues) }));
  if (name.startsWith('prompt')) tags.push({ key: 'mlflow.prompt.is_prompt', value: 'true' });
  await must(world, 'POST', 'registered-models/create', { name, tags });
}

async function fillVersion(world: World, random: Random): Promise<void> {
  await sleep(4);
  const name = random.pick(modelNames);
  const isPrompt = name.startsWith('prompt');
  const tags = someOf(random, ['team', 'kind'], 0.7).map((key) => ({ key, value: random.pick(tagValues) }));
  if (isPrompt) tags.push({ key: 'mlflow.prompt.is_prompt', value: 'true' });
  const runId = random.chance(0.5) ? idOf(world, 'run', random.pick(runNames)) : undefined;
  await must(world, 'POST', 'model-versions/create', {
    name,
    source: isPrompt ? 'dummy-source' : random.pick(sources),
    tags,
    ...(runId !== undefined && !isPrompt && { run_id: runId }),
  });
}
