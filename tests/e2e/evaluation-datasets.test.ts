// Evaluation datasets in a real browser: found from the rail and from an experiment, their records as a table, what each
// record holds, and which runs judged an application by them.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { checkScreen, openPage, violations } from '../support/screens.ts';
import { startServer, type RunningServer } from '../support/server.ts';

const RECORDS = 1_200;

let server: RunningServer;
let browser: Browser;
let experiment: string;
let dataset: string;

async function post(path: string, body: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${server.url}/api/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.status, path).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

const made = async (name: string, experiments: readonly string[]): Promise<string> => {
  const tags = '{"team": "support", "mlflow.user": "ada"}';
  const answer = await post('3.0/mlflow/datasets/create', { name, experiment_ids: experiments, tags });
  return (answer['dataset'] as { dataset_id: string }).dataset_id;
};

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(['--no-serving']), launchBrowser()]);
  experiment = String((await post('2.0/mlflow/experiments/create', { name: 'support-bot' }))['experiment_id']);
  dataset = await made('questions', [experiment]);
  await made('empty', []);
  const first = `{"inputs": {"question": "Where is my parcel?", "share": 1.0, "order": {"id": 7, "lines": [1, 2]}},
    "expectations": {"answer": "On its way"}, "outputs": "It is on its way.", "tags": {"kind": "shipping"},
    "source": {"source_type": "TRACE", "source_data": {"trace_id": "tr-1"}}}`;
  const more = Array.from(
    { length: RECORDS - 1 },
    (_, number) => `{"inputs": {"question": "Question ${number}"}, "expectations": {"answer": "Answer ${number}"}}`,
  );
  await post(`3.0/mlflow/datasets/${dataset}/records`, { records: `[${[first, ...more].join(', ')}]` });
  const run = await post('2.0/mlflow/runs/create', { experiment_id: experiment, run_name: 'judged', start_time: 1 });
  const { run_id: id } = (run['run'] as { info: { run_id: string } }).info;
  const read = { name: 'questions', digest: 'before', source_type: 'mlflow_evaluation_dataset' };
  const source = JSON.stringify({ dataset_id: dataset });
  await post('2.0/mlflow/runs/log-inputs', { run_id: id, datasets: [{ tags: [], dataset: { ...read, source } }] });
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

describe.each(['light', 'dark'])('%s', (theme) => {
  test('the list and the page of one', async () => {
    const list = { name: 'evaluation-datasets', path: '/evaluation-datasets', heading: 'Evaluation datasets' };
    await checkScreen(browser, server.url, theme, { ...list, text: 'support-bot' });
    const path = `/evaluation-datasets/${dataset}`;
    const page = { name: 'evaluation-dataset', path, heading: 'questions', text: 'Where is my parcel?' };
    await checkScreen(browser, server.url, theme, page);
  });

  test('one without records says how to fill it, and an experiment without datasets how to make one', async () => {
    const { page, errors } = await openPage(browser, `${server.url}/evaluation-datasets`, theme);
    await page.getByRole('link', { name: 'empty' }).click();
    await page.getByRole('heading', { level: 1, name: 'empty' }).waitFor();
    await page.getByText('No record yet').waitFor();
    await page.getByText('No run has read it').waitFor();
    expect(await violations(page)).toEqual([]);
    await page.goto(`${server.url}/evaluation-datasets?experiment=0`);
    await page.getByText('No evaluation dataset yet').waitFor();
    await page.getByText('create_dataset(name="questions", experiment_id="0")').waitFor();
    expect(await violations(page)).toEqual([]);
    expect(errors).toEqual([]);
    await page.close();
  });
});

test('from an experiment to its datasets, to one of them, to a record and to the run that read it', async () => {
  const { page, errors } = await openPage(browser, `${server.url}/experiments/${experiment}`, 'light');
  await page.getByRole('main').getByRole('link', { name: 'Evaluation datasets' }).click();
  await page.getByText('Linked to').waitFor();
  expect(await page.getByRole('link', { name: 'empty' }).count()).toBe(0);
  await page.getByRole('link', { name: 'questions' }).click();
  const grid = page.getByRole('grid', { name: 'Records' });
  await grid.getByText('Where is my parcel?').waitFor();

  // All of them are told, few are in the page, and numbers are what their client wrote.
  expect(await grid.getAttribute('aria-rowcount')).toBe(String(RECORDS + 1));
  expect(await grid.getByRole('row').count()).toBeLessThan(60);
  expect(await grid.getByText('1.0', { exact: true }).count()).toBe(1);
  await grid.evaluate((element: { scrollLeft: number }) => (element.scrollLeft = 10_000));
  expect(await grid.getByRole('link', { name: 'a trace' }).getAttribute('href')).toBe('/traces/tr-1');
  await grid.evaluate((element: { scrollLeft: number }) => (element.scrollLeft = 0));
  await grid.getByRole('link', { name: 'Record 3' }).click();
  await page.getByRole('log', { name: 'Inputs' }).getByText('question: Question 1', { exact: true }).waitFor();
  await page.getByRole('log', { name: 'Expectations' }).getByText('answer: Answer 1', { exact: true }).waitFor();
  expect(new URL(page.url()).searchParams.get('record')).toMatch(/^dr-[0-9a-f]{32}$/);

  // Behind the first pages, too.
  await expect
    .poll(
      async () => {
        await grid.evaluate((element: { scrollTop: number; scrollHeight: number }) => {
          element.scrollTop = element.scrollHeight;
        });
        return await grid.getByText(`Question ${RECORDS - 2}`, { exact: true }).count();
      },
      { timeout: 20_000 },
    )
    .toBe(1);

  await page.getByRole('link', { name: 'judged' }).waitFor();
  await page.getByText('changed since').waitFor();
  await page.getByRole('link', { name: 'judged' }).click();
  await page.getByRole('heading', { level: 1, name: 'judged' }).waitFor();
  await page.getByRole('link', { name: 'questions' }).click();
  await page.getByRole('heading', { level: 1, name: 'questions' }).waitFor();
  expect(errors).toEqual([]);
  await page.close();
});

test('a filter that is wrong is said, and one that finds nothing too', async () => {
  const { page } = await openPage(browser, `${server.url}/evaluation-datasets`, 'light');
  const field = page.getByRole('searchbox', { name: 'Filter evaluation datasets' });
  await field.fill("tags.team = 'sales'");
  await field.press('Enter');
  await page.getByText('No evaluation dataset meets this filter').waitFor();
  await field.fill("colour = 'red'");
  await field.press('Enter');
  await page
    .getByText(/Invalid attribute key 'colour'|colour/)
    .first()
    .waitFor();
  expect(await field.getAttribute('aria-invalid')).toBe('true');
  await page.close();
});
