import { expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import { cause, idOf, openTraces, sentSpan } from '../testing.ts';
import type { Database } from '#database';

/** Five traces of experiment 0, and one elsewhere that no search of it may find. */
async function world(database: Database) {
  const bench = await openTraces(database);
  const { traces, experiments } = bench;
  const { id: other } = await experiments.createExperiment({ name: 'other', cause });
  for (const number of [1, 2, 3, 4, 5]) {
    const attributes = {
      shard: `s${number % 2}`,
      'a "b"': 'quoted',
      'session.id': `session-${number % 2}`,
      'mlflow.spanType': 'CHAIN',
      'mlflow.chat.tokenUsage': `{"input_tokens": ${number}, "output_tokens": 1, "total_tokens": ${number + 1}}`,
      'mlflow.llm.cost': `{"input_cost": 0.5, "output_cost": 0.25, "total_cost": ${number}}`,
      'mlflow.llm.model': 'tiny',
      text: `läuft ${number}`,
    };
    const status = number === 5 ? 'ERROR' : 'OK';
    const root = sentSpan({ trace: number }, { name: `step ${number}`, attributes, status });
    const endNs = root.startNs + BigInt(number) * 100_000_000n;
    await traces.logSpans({ experimentId: number === 5 ? other : '0', spans: [{ ...root, endNs }], cause });
    await traces.setTraceTag({ id: idOf(number), tag: { key: 'half', value: number < 3 ? 'low' : 'high' }, cause });
  }
  const source = { type: 'CODE', id: null } as const;
  const assess = (trace: number, name: string, value: unknown, metadata: Record<string, string> = {}) =>
    traces.createAssessment({
      traceId: idOf(trace),
      assessment: { kind: 'feedback', name, value, source, metadata },
      cause,
    });
  await assess(1, 'score', 0.9);
  await assess(2, 'score', 0.1);
  await assess(3, 'score', 'high');
  await assess(1, 'verdict', 'yes', { 'mlflow.trace.session': 'session-1' });
  const find = async (filter: string, orderBy: string[] = ['timestamp ASC']) => {
    const page = await traces.searchTraces({ experimentIds: ['0'], filter, orderBy, limit: 100 });
    return page.traces.map(({ id }) => Number.parseInt(id.slice(3), 16));
  };
  return { ...bench, find, other };
}

describeDatabases('search of traces', (open) => {
  test('every kind of clause', async () => {
    const { find, traces, experiments } = await world(await open());
    const { id: runId } = await experiments.createRun({ experimentId: '0', cause });
    await traces.linkToRun({ traceIds: [idOf(2)], runId, cause });
    await traces.linkPrompts({ traceId: idOf(3), prompts: ['greeting/1'], cause });
    const questions: [string, number[]][] = [
      ['', [1, 2, 3, 4]],
      ["tag.half = 'low'", [1, 2]],
      ["tags.half != 'low'", [3, 4]],
      ["tags.half LIKE 'hi%' AND NOT name = 'step 4'", [3]],
      ['tag.absent IS NULL', [1, 2, 3, 4]],
      ['tag.absent IS NOT NULL', []],
      ["metadata.`mlflow.trace.session` = 'session-1'", [1, 3]],
      ["request_metadata.mlflow.trace.tokenUsage LIKE '%3%'", [2, 3]],
      ["status = 'OK'", [1, 2, 3, 4]],
      ["trace.status IN ('ERROR', 'IN_PROGRESS')", []],
      ["attributes.name ILIKE 'STEP 2'", [2]],
      [`request_id = '${idOf(3)}'`, [3]],
      ['execution_time_ms > 200 AND execution_time_ms <= 400', [3, 4]],
      ["timestamp_ms >= '0' AND end_time_ms > 0", [1, 2, 3, 4]],
      ["span.name = 'step 2' AND span.type = 'CHAIN' AND span.status = 'OK'", [2]],
      ["span.attributes.shard = 's1'", [1, 3]],
      ["span.attributes.`shard` LIKE 's0%'", [2, 4]],
      ["trace.text LIKE '%läuft 2%'", [2]],
      ["span.content ILIKE '%UFT 2%'", [2]],
      [`run_id = '${runId}'`, [2]],
      ["prompt = 'greeting/1'", [3]],
      ['feedback.score > 0.5', [1]],
      ['feedback.score < 0.5', [2]],
      ["feedback.score = 'high'", [3]],
      ['feedback.score = 0.9', [1]],
      // Said of the session of trace 1, so of trace 3 too.
      ["feedback.verdict = 'yes'", [1, 3]],
      ['feedback.verdict IS NULL', [2, 4]],
      ["expectation.score = 'high'", []],
      ["(tag.half = 'low' OR feedback.score = 'high') AND execution_time_ms < 300", [1, 2]],
      ["issue.id = 'x'", []],
      ["name RLIKE '^step [23]$'", [2, 3]],
      ["tag.half RLIKE 'o|nothing'", [1, 2]],
      ["span.attributes.text RLIKE 'l.uft \\d'", [1, 2, 3, 4]],
      ["name RLIKE '^tep'", []],
    ];
    for (const [filter, found] of questions) {
      expect([filter, await find(filter)]).toEqual([filter, found]);
    }
  });

  test('clauses on spans that AND joins are met by one span', async () => {
    const { traces, find } = await world(await open());
    const call = (trace: number, span: number, name: string, status: 'OK' | 'ERROR') =>
      sentSpan({ trace, span, ...(span > 1 && { parent: 1 }) }, { name, status, attributes: { tool: name } });
    const spans = [call(11, 1, 'fetch', 'ERROR'), call(11, 2, 'parse', 'OK'), call(12, 1, 'fetch', 'OK')];
    await traces.logSpans({ experimentId: '0', spans, cause });
    const questions: [string, number[]][] = [
      ["span.name = 'fetch' AND span.status = 'OK'", [12]],
      ["span.name = 'fetch' AND span.status = 'ERROR'", [11]],
      ["span.name = 'parse' AND status = 'ERROR' AND span.status = 'OK'", [11]],
      ["span.attributes.tool = 'parse' AND span.status = 'ERROR'", []],
      ["trace.text LIKE '%fetch%' AND span.content LIKE '%parse%'", []],
      // Each side of OR, and each bracket, speaks of a span of its own.
      ["span.name = 'fetch' AND (span.status = 'OK' OR span.name = 'parse')", [11, 12]],
      ["span.name = 'parse' AND NOT span.status = 'ERROR'", []],
    ];
    for (const [filter, found] of questions) {
      expect([filter, await find(filter)]).toEqual([filter, found]);
    }
  });

  test.each([
    ["bogus = 'x'", "Invalid attribute key 'bogus'"],
    ['metric.x = 1', "Invalid entity type 'metric'"],
    ["status > 'OK'", "Invalid comparator '>'"],
    ["span.foo = 'x'", "Invalid span attribute 'foo'. Supported attributes: name, status, type, attributes."],
    ["prompt LIKE 'a/%'", "Invalid comparator 'LIKE' for prompts filter. Only '=' is supported"],
    ["trace.text = 'x'", "Invalid comparator '='"],
    ["feedback.score > 'high'", 'Expected a numeric value'],
    ["name RLIKE '(a'", 'Invalid regular expression'],
    ["prompt = 'a'", 'Invalid prompts filter value'],
    ["status = 'OK' ADN name = 'x'", 'Did you mean AND?'],
  ])('refuses %s and says why', async (filter, words) => {
    const { find } = await world(await open());
    await expect(find(filter)).rejects.toThrow(words);
  });

  test('orders, missing values last', async () => {
    const { find, traces } = await world(await open());
    await traces.removeTraceTag({ id: idOf(1), key: 'half', cause });
    expect(await find('', [])).toEqual([4, 3, 2, 1]);
    expect(await find('', ['execution_time DESC'])).toEqual([4, 3, 2, 1]);
    expect(await find('', ['tags.half', 'name DESC'])).toEqual([4, 3, 2, 1]);
    expect(await find('', ['tags.half DESC', 'request_id'])).toEqual([2, 3, 4, 1]);
    expect(await find('', ['metadata.`mlflow.trace.session`', 'timestamp_ms'])).toEqual([2, 4, 1, 3]);
    await expect(find('', ['status', 'status DESC'])).rejects.toThrow('duplicate');
    await expect(find('', ['span.name'])).rejects.toThrow('order_by');
  });

  test('pages go on behind the last row, whatever comes in between', async () => {
    const { traces } = await world(await open());
    const search = { experimentIds: ['0'], limit: 2 };
    const first = await traces.searchTraces(search);
    await traces.logSpans({ experimentId: '0', spans: [sentSpan({ trace: 9 })], cause });
    const second = await traces.searchTraces({ ...search, pageToken: first.nextPageToken });
    expect([...first.traces, ...second.traces].map(({ id }) => id)).toEqual([4, 3, 2, 1].map(idOf));
    expect(second.nextPageToken).toBeUndefined();
    await expect(
      traces.searchTraces({ ...search, filter: "name = 'x'", pageToken: first.nextPageToken }),
    ).rejects.toThrow('another search');
  });

  test('two filters: how much they have to do with each other', async () => {
    const { traces } = await world(await open());
    const ask = (first: string, second: string, base?: string) =>
      traces.correlateFilters({ experimentIds: ['0'], first, second, base });
    expect(await ask("tag.half = 'low'", "tag.half = 'low'")).toMatchObject({
      npmi: expect.closeTo(1, 12),
      total: 4,
      both: 2,
    });
    expect(await ask("tag.half = 'low'", "tag.half = 'high'")).toMatchObject({ npmi: -1, both: 0 });
    expect((await ask("tag.half = 'low'", "span.attributes.shard = 's1'")).npmi).toBeCloseTo(0, 12);
    expect(await ask("name = 'nothing'", "status = 'OK'")).toMatchObject({ npmi: Number.NaN, first: 0, second: 4 });
    expect(await ask("status = 'OK'", "name = 'step 1'", "tag.half = 'low'")).toMatchObject({ total: 2, both: 1 });
  });

  test('metrics: counts, sums, percentiles, by dimension and time', async () => {
    const { traces } = await world(await open());
    const basics = { experimentIds: ['0'], dimensions: [], filters: [], limit: 100 };
    const ask = async (question: Partial<Parameters<typeof traces.queryMetric>[0]>) =>
      await traces.queryMetric({ ...basics, view: 'TRACES', metric: 'latency', aggregations: [], ...question });
    const spread = [
      { type: 'AVG' },
      { type: 'MIN' },
      { type: 'MAX' },
      { type: 'PERCENTILE', percentile: 50 },
      { type: 'PERCENTILE', percentile: 90 },
    ] as const;
    // numpy.quantile([100, 200, 300, 400], [.5, .9]) is [250, 370].
    expect(await ask({ aggregations: spread })).toEqual([
      { dimensions: {}, values: { AVG: 250, MIN: 100, MAX: 400, 'P50.0': 250, 'P90.0': expect.closeTo(370, 9) } },
    ]);
    expect(
      await ask({ metric: 'total_tokens', aggregations: [{ type: 'SUM' }], filters: ["trace.tag.half = 'low'"] }),
    ).toEqual([{ dimensions: {}, values: { SUM: 5 } }]);
    expect(
      await ask({ metric: 'trace_count', aggregations: [{ type: 'COUNT' }], dimensions: ['trace_status'] }),
    ).toEqual([{ dimensions: { trace_status: 'OK' }, values: { COUNT: 4 } }]);
    expect(await ask({ metric: 'session_count', aggregations: [{ type: 'COUNT' }] })).toEqual([
      { dimensions: {}, values: { COUNT: 2 } },
    ]);
    expect(
      await ask({
        view: 'SPANS',
        metric: 'total_cost',
        aggregations: [{ type: 'SUM' }],
        dimensions: ['span_model_name'],
        filters: ["span.status = 'OK'"],
      }),
    ).toEqual([{ dimensions: { span_model_name: 'tiny' }, values: { SUM: 10 } }]);
    expect(
      await ask({
        view: 'ASSESSMENTS',
        metric: 'assessment_value',
        aggregations: [{ type: 'AVG' }],
        dimensions: ['assessment_name'],
      }),
    ).toEqual([
      { dimensions: { assessment_name: 'score' }, values: { AVG: 0.5 } },
      { dimensions: { assessment_name: 'verdict' }, values: { AVG: 1 } },
    ]);
    const hours = await ask({
      metric: 'trace_count',
      aggregations: [{ type: 'COUNT' }],
      intervalSeconds: 3_600,
      from: 0,
      until: 2e12,
    });
    expect(hours).toEqual([{ dimensions: { time_bucket: '2023-11-14T22:00:00+00:00' }, values: { COUNT: 4 } }]);
  });

  test('metrics of spans: each in the hour when it began, of traces that began in the range', async () => {
    const { traces } = await openTraces(await open());
    const hourNs = 3_600_000_000_000n;
    const spans = [1, 2, 3].map((span) => {
      const sent = sentSpan({ span, ...(span > 1 && { parent: 1 }) });
      const startNs = sent.startNs + (span === 3 ? hourNs : 0n);
      return { ...sent, startNs, endNs: startNs + 100_000_000n };
    });
    await traces.logSpans({ experimentId: '0', spans, cause });
    const startedAt = Number((spans[0]?.startNs ?? 0n) / 1_000_000n);
    const ask = (from: number, until: number) =>
      traces.queryMetric({
        experimentIds: ['0'],
        view: 'SPANS',
        metric: 'span_count',
        aggregations: [{ type: 'COUNT' }],
        dimensions: [],
        filters: [],
        intervalSeconds: 3_600,
        from,
        until,
        limit: 100,
      });
    const found = [
      { dimensions: { time_bucket: '2023-11-14T22:00:00+00:00' }, values: { COUNT: 2 } },
      { dimensions: { time_bucket: '2023-11-14T23:00:00+00:00' }, values: { COUNT: 1 } },
    ];
    expect(await ask(startedAt, startedAt)).toEqual(found);
    expect(await ask(startedAt + 1, startedAt + 7_200_000)).toEqual([]);
  });

  test.each([
    [{ metric: 'bogus' }, 'metric_name must be one of'],
    [{ aggregations: [{ type: 'COUNT' as const }] }, 'Found invalid aggregation_type(s)'],
    [{ dimensions: ['x'] }, 'Found invalid dimension(s)'],
    [{ aggregations: [{ type: 'PERCENTILE' as const }] }, 'percentile_value'],
    [{ intervalSeconds: 60 }, 'start_time_ms and end_time_ms'],
    [{ filters: ["x = 'y'"] }, 'Invalid identifier'],
    [{ filters: ["trace.x = 'y'"] }, "Invalid entity 'x' specified for view type 'trace'"],
    [{ filters: ["span.name = 'y'"] }, 'only supported for SPANS'],
    [{ filters: ["trace.status != 'y'"] }, "only '=' operator"],
    [{ filters: ["trace.tag = 'y'"] }, 'requires a key'],
  ])('refuses the metric %j', async (question, words) => {
    const { traces } = await world(await open());
    const basics = { experimentIds: ['0'], dimensions: [], filters: [], limit: 100, aggregations: [] };
    await expect(traces.queryMetric({ ...basics, view: 'TRACES', metric: 'latency', ...question })).rejects.toThrow(
      words,
    );
  });
});
