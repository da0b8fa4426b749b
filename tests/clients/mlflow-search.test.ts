// The same searches put to a real `mlflow server` and to Capstan on each database, over the same things: the same rows in the
// same order, page by page, or a refusal from both. TEST_SEARCH_QUESTIONS says how many; TEST_SEARCH_SEED which.
//
// Differences that are meant (docs/reference/mlflow-compatibility.md has the reasons); the questions keep out of their way:
// - Capstan takes more: OR, NOT, brackets, BETWEEN, IN and IS NULL for every text key, entities in any case and spelling.
// - Capstan refuses what MLflow takes by mistake: clauses side by side without AND, an AND with nothing behind it.
// - Where MLflow answers 500 to what a caller wrote (a repeated order_by field, an unknown attribute of a logged model),
//   Capstan answers 400.
// - `status` of logged models is compared as the Python client names it; MLflow compares the number it stores.
// - A dataset named without digest, in a search of logged models, is any of that name; MLflow finds none over REST.
// - NaN logged for a logged model is NaN here; MLflow stores 0, finds it as 0 and sorts it there.
// - Of several clauses on the prompt tag MLflow reads the first only.
// - Operators in small letters work in every search; MLflow refuses them in searches of experiments.
// - Quotes: a quote inside quotes is doubled; MLflow has no way to write it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { databases, startOnEach, stopAll, type CapstanOn } from '../support/databases.ts';
import { startMlflowServer, type MlflowServer } from '../support/mlflow-server.ts';
import { findNextClientPython } from '../support/python.ts';
import { ask, kinds, type Question } from './search/questions.ts';
import { seededRandom } from './search/random.ts';
import { emptyWorld, fill, runExperiments, type World } from './search/world.ts';

const QUESTIONS = Number(process.env['TEST_SEARCH_QUESTIONS'] ?? 200);
const SEED = Number(process.env['TEST_SEARCH_SEED'] ?? 20_240_601);
const AT_ONCE = 4;
const MOST_PAGES = 60;
const TOGETHER_MS = 20 * 60_000;

let mlflow: MlflowServer;
let capstans: readonly CapstanOn[];
let worlds: readonly World[];

beforeAll(async () => {
  const python = await findNextClientPython();
  [mlflow, capstans] = await Promise.all([startMlflowServer(python), startOnEach()]);
  worlds = [emptyWorld('mlflow', mlflow.url), ...capstans.map(({ database, url }) => emptyWorld(database, url))];
  await Promise.all(worlds.map((world) => fill(world, SEED)));
}, TOGETHER_MS);

afterAll(async () => {
  await mlflow.stop();
  await stopAll(capstans);
});

test(
  `${QUESTIONS} searches have the same answers`,
  async () => {
    const random = seededRandom(SEED);
    const questions = Array.from({ length: QUESTIONS }, (_, index) =>
      ask(random, kinds[index % kinds.length] ?? 'runs'),
    );
    const differences: string[] = [];
    let refused = 0;
    let found = 0;
    const work = questions.values();
    const askAll = async (): Promise<void> => {
      for (const question of work) {
        const [theirs, ...ours] = await Promise.all(worlds.map((world) => answersOf(world, question)));
        if (typeof theirs === 'string') refused += 1;
        else if ((theirs?.flat().length ?? 0) > 0) found += 1;
        for (const [index, answer] of ours.entries()) {
          if (JSON.stringify(theirs) === JSON.stringify(answer)) continue;
          differences.push(JSON.stringify({ ...question, on: databases[index], theirs, ours: answer }));
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, askAll));
    expect(differences.join('\n')).toBe('');
    // Questions that all find nothing, or are all refused, would agree on anything.
    expect(found).toBeGreaterThan(QUESTIONS / 4);
    expect(refused).toBeGreaterThan(QUESTIONS / 40);
  },
  TOGETHER_MS,
);

/** Labels page by page, or `refused`. */
async function answersOf(world: World, question: Question): Promise<string[][] | string> {
  const pages: string[][] = [];
  let token = '';
  do {
    const { status, body } = await pageFrom(world, question, token);
    if (status >= 500 && world.name !== 'mlflow') return `failed with ${status}`;
    if (status >= 400) return 'refused';
    pages.push(labelsOf(world, question, body));
    token = (body['next_page_token'] as string | undefined) ?? '';
  } while (token !== '' && pages.length < MOST_PAGES);
  return pages;
}

async function pageFrom(world: World, question: Question, pageToken: string) {
  const { kind, order, pageSize, view, datasets } = question;
  const filter = question.filter.replaceAll(/\{(\w+:[^}]+)\}/g, (_, label: string) => world.ids.get(label) ?? 'none');
  const page = { max_results: pageSize, ...(pageToken !== '' && { page_token: pageToken }) };
  const experiment_ids = runExperiments.map((name) => world.ids.get(`experiment:${name}`) ?? '');
  switch (kind) {
    case 'runs':
      return await world.call('POST', 'runs/search', {
        ...page,
        experiment_ids,
        filter,
        order_by: order,
        run_view_type: view,
      });
    case 'experiments':
      return await world.call('POST', 'experiments/search', { ...page, filter, order_by: order, view_type: view });
    case 'logged': {
      const order_by = order.map((term) => {
        const [field_name = '', direction = 'ASC'] = term.split(' ');
        return { field_name, ascending: direction.toUpperCase() !== 'DESC' };
      });
      return await world.call('POST', 'logged-models/search', { ...page, experiment_ids, filter, order_by, datasets });
    }
    case 'models':
    case 'versions': {
      const query = new URLSearchParams({ filter, max_results: String(pageSize), page_token: pageToken });
      for (const term of order) query.append('order_by', term);
      const path = kind === 'models' ? 'registered-models/search' : 'model-versions/search';
      return await world.call('GET', path, query);
    }
  }
}

function labelsOf(world: World, { kind }: Question, body: Record<string, unknown>): string[] {
  const label = (of: string, id: string) => world.labels.get(`${of}:${id}`) ?? id;
  switch (kind) {
    case 'runs':
      return ((body['runs'] ?? []) as { info: { run_id: string } }[]).map(({ info }) => label('run', info.run_id));
    case 'experiments':
      return ((body['experiments'] ?? []) as { name: string }[]).map(({ name }) => name);
    case 'logged':
      return ((body['models'] ?? []) as { info: { model_id: string } }[]).map(({ info }) =>
        label('logged', info.model_id),
      );
    case 'models':
      return ((body['registered_models'] ?? []) as { name: string }[]).map(({ name }) => name);
    case 'versions':
      return ((body['model_versions'] ?? []) as { name: string; version: string }[]).map(
        ({ name, version }) => `${name} ${version}`,
      );
  }
}
