// Traces from OpenTelemetry's protocol to the command line and the interface.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { capstan, startServer, type RunningServer } from '../support/server.ts';

const TRACE = 'tr-' + '1'.repeat(32);
/** Nanoseconds since 1970. */
const START = 1_700_000_000_000_000_000n;

let server: RunningServer;
let browser: Browser;

async function post(path: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<void> {
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  expect(response.status, path).toBe(200);
}

const span = (id: string, name: string, from: number, to: number, rest: object = {}) => ({
  traceId: '1'.repeat(32),
  spanId: id.repeat(16),
  name,
  startTimeUnixNano: String(START + BigInt(from) * 1_000_000n),
  endTimeUnixNano: String(START + BigInt(to) * 1_000_000n),
  ...rest,
});
const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });

beforeAll(async () => {
  server = await startServer();
  browser = await launchBrowser();
  const spans = [
    span('a', 'ask', 0, 500, { attributes: [text('mlflow.spanInputs', '{"question": "what is <b>new</b>?"}')] }),
    span('b', 'look up', 50, 150, {
      parentSpanId: 'a'.repeat(16),
      status: { code: 2, message: 'no answer' },
      attributes: [text('openinference.span.kind', 'RETRIEVER'), text('input.value', 'new')],
    }),
  ];
  await post('/v1/traces', { resourceSpans: [{ scopeSpans: [{ spans }] }] }, { 'x-mlflow-experiment-id': '0' });
  const source = { source_type: 'HUMAN', source_id: 'ada' };
  const assessment = { assessment_name: 'right', source, feedback: { value: false }, rationale: 'it is not' };
  await post(`/api/3.0/mlflow/traces/${TRACE}/assessments`, { assessment });
});

afterAll(async () => {
  await browser.close();
  await server.stop();
});

test('capstan traces list and show: for people and for scripts', async () => {
  const list = await capstan(
    ['traces', 'list', '--experiment', 'Default', '--filter', 'feedback.right IS NOT NULL'],
    server.url,
  );
  expect(list.code).toBe(0);
  expect(list.out.split('\n')[1]).toMatch(new RegExp(`^${TRACE} +ask +OK +\\S.* 500 `));
  const none = await capstan(
    ['traces', 'list', '--experiment', 'Default', '--filter', "status = 'ERROR'", '--json'],
    server.url,
  );
  expect(JSON.parse(none.out)).toEqual({ schema: 'capstan/traces.v1', traces: [] });

  const shown = await capstan(['traces', 'show', TRACE], server.url);
  expect(shown.out).toMatch(/^ask +UNSET +0\.0 +500\.0$/m);
  expect(shown.out).toMatch(/^ {2}look up +RETRIEVER +ERROR +50\.0 +100\.0$/m);
  expect(shown.out).toMatch(/^right +false +ada +it is not$/m);
  const json = await capstan(['traces', 'show', TRACE, '--json'], server.url);
  expect(JSON.parse(json.out)).toMatchObject({
    schema: 'capstan/trace.v1',
    id: TRACE,
    spans: [{ startNs: String(START) }, {}],
  });
  expect((await capstan(['traces', 'show', 'tr-none'], server.url)).code).not.toBe(0);
  expect((await capstan(['traces', 'list', '--experiment', 'nowhere'], server.url)).err).toContain(
    "No experiment 'nowhere'",
  );
});

test('the interface: from the runs of an experiment to a span of a trace', async () => {
  const page = await browser.newPage();
  const failures: string[] = [];
  page.on('pageerror', (error) => failures.push(String(error)));
  await page.goto(`${server.url}/experiments/0`);
  await page.getByRole('link', { name: 'Traces' }).click();
  await page.getByLabel('Filter traces').fill('feedback.right IS NOT NULL');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'ask' }).click();
  const spans = page.getByRole('list', { name: 'Spans in time' }).getByRole('button');
  await expect.poll(() => spans.count()).toBe(2);
  // What a span holds is text, whatever it looks like.
  await page.getByText('<b>new</b>').first().waitFor();
  await spans.nth(1).click();
  await page.getByText('no answer').waitFor();
  expect(new URL(page.url()).searchParams.get('span')).toBe('b'.repeat(16));
  await page.getByRole('region', { name: 'Assessments' }).getByText('it is not').waitFor();
  expect(failures).toEqual([]);
  await page.close();
});
