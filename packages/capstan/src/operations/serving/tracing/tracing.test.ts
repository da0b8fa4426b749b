import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DomainError } from '#kernel/errors';
import { createOtlpExporter } from './otlp-exporter.ts';
import { readTraceparent } from './traceparent.ts';
import { createTracer, type Span } from './tracer.ts';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const [, TRACE_ID, PARENT_ID] = PARENT.split('-');

describe('traceparent', () => {
  test('is read as W3C Trace Context writes it', () => {
    expect(readTraceparent(PARENT)).toEqual({ traceId: TRACE_ID, spanId: PARENT_ID, isSampled: true });
    expect(readTraceparent(PARENT.replace(/01$/, '00'))?.isSampled).toBe(false);
    // A later version may say more.
    expect(readTraceparent(`${PARENT.replace(/^00/, '01')}-more`)?.traceId).toBe(TRACE_ID);
  });

  test.each([
    ['nothing', undefined],
    ['text', 'yes'],
    ['capitals', PARENT.toUpperCase()],
    ['no trace', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`],
    ['no span', `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`],
    ['the forbidden version', PARENT.replace(/^00/, 'ff')],
    ['more than this version has', `${PARENT}-more`],
  ])('%s is none', (_what, header) => expect(readTraceparent(header)).toBeUndefined());

  test('any other text is none', () => {
    fc.assert(fc.property(fc.string(), (text) => readTraceparent(text) === undefined));
  });
});

function collected(share: number) {
  const spans: Span[] = [];
  const exporter = {
    take: (given: readonly Span[]) => void spans.push(...given),
    counts: () => ({ sent: 0, dropped: 0 }),
  };
  return { spans, tracer: createTracer(share, exporter) };
}

const named = (spans: readonly Span[], name: string): Span => {
  const found = spans.find((span) => span.name === name);
  if (!found) throw new Error(`no span ${name}: ${spans.map((span) => span.name).join(', ')}`);
  return found;
};

describe('a tracer', () => {
  test('tells a request from its arrival to the batches that it was computed in', () => {
    const { spans, tracer } = collected(0);
    const now = performance.now();
    const trace = tracer.begin('predict x', { traceparent: PARENT, startedAt: now - 10 });
    const batch = { id: 'b-1', rows: 5, own: 2, startedAt: now + 1, endedAt: now + 3 };
    trace.ran({ revision: 4, role: 'canary' }, now, [batch]);
    trace.logged(performance.now());
    trace.end({ 'capstan.rows': 2 });
    expect(spans.map(({ name }) => name)).toEqual(['predict x', 'read', 'model', 'queue', 'batch', 'log']);
    expect(spans.every(({ traceId }) => traceId === TRACE_ID)).toBe(true);
    const root = named(spans, 'predict x');
    expect(root).toMatchObject({ kind: 'server', parentSpanId: PARENT_ID, startMs: now - 10, error: undefined });
    const model = named(spans, 'model');
    expect(model).toMatchObject({ parentSpanId: root.spanId, attributes: { 'capstan.revision': 4 } });
    expect(named(spans, 'queue')).toMatchObject({ parentSpanId: model.spanId, startMs: now, endMs: now + 1 });
    expect(named(spans, 'batch')).toMatchObject({
      parentSpanId: model.spanId,
      startMs: now + 1,
      endMs: now + 3,
      attributes: { 'capstan.batch': 'b-1', 'capstan.batch_rows': 5, 'capstan.rows': 2 },
    });
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
  });

  test('tells what a request failed with', () => {
    const { spans, tracer } = collected(1);
    tracer.begin('predict x', undefined).end({}, new DomainError('DEADLINE_EXCEEDED', 'Too late'));
    tracer.begin('predict x', undefined).end({}, new Error('secret'));
    expect(spans.map(({ error }) => error)).toEqual(['DEADLINE_EXCEEDED', 'INTERNAL']);
    expect(JSON.stringify(spans)).not.toContain('secret');
  });

  test('leaves it to callers that say so, and takes its share of the others', () => {
    const all = collected(1);
    all.tracer.begin('x', { traceparent: PARENT.replace(/01$/, '00') }).end({});
    expect(all.spans).toEqual([]);
    all.tracer.begin('x', { traceparent: 'nonsense' }).end({});
    all.tracer.begin('x', undefined).end({});
    expect(all.spans.map(({ parentSpanId }) => parentSpanId)).toEqual([undefined, undefined]);

    const none = collected(0);
    none.tracer.begin('x', undefined).end({});
    expect(none.spans).toEqual([]);
  });
});

/** A collector that answers with that status, and what it was sent. */
async function startCollector(status: () => number) {
  const bodies: unknown[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push({
        path: request.url,
        token: request.headers['x-token'],
        body: JSON.parse(Buffer.concat(chunks).toString()),
      });
      response.writeHead(status()).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies };
}

describe('the exporter', () => {
  test('sends OTLP, and counts what arrived and what did not', async () => {
    let status = 200;
    const { url, bodies } = await startCollector(() => status);
    const warnings: string[] = [];
    const log = { warn: (text: unknown) => void warnings.push(String(text)) };
    const headers = { 'x-token': 'y' };
    const exporter = createOtlpExporter({ endpoint: url, headers, resource: { 'service.name': 'x' } }, log);
    const tracer = createTracer(1, exporter);
    tracer.begin('predict x', { startedAt: performance.now() - 5 }).end({ 'capstan.rows': 2, ratio: 0.5, is: true });
    await exporter.stop(5_000);
    expect(exporter.counts()).toEqual({ sent: 2, dropped: 0 });
    expect(bodies).toEqual([{ path: '/v1/traces', token: 'y', body: expect.anything() }]);
    const { body } = bodies[0] as {
      body: { resourceSpans: [{ resource: object; scopeSpans: [{ spans: object[] }] }] };
    };
    expect(body.resourceSpans[0].resource).toEqual({
      attributes: [{ key: 'service.name', value: { stringValue: 'x' } }],
    });
    const [root] = body.resourceSpans[0].scopeSpans[0].spans as [
      { startTimeUnixNano: string; endTimeUnixNano: string },
    ];
    expect(root).toMatchObject({
      traceId: expect.stringMatching(/^[\da-f]{32}$/),
      kind: 2,
      attributes: [
        { key: 'capstan.rows', value: { intValue: '2' } },
        { key: 'ratio', value: { doubleValue: 0.5 } },
        { key: 'is', value: { boolValue: true } },
      ],
    });
    // Wall-clock time in nanoseconds, near now.
    expect(Math.abs(Number(BigInt(root.endTimeUnixNano) / 1_000_000n) - Date.now())).toBeLessThan(60_000);
    expect(BigInt(root.endTimeUnixNano) - BigInt(root.startTimeUnixNano)).toBeGreaterThanOrEqual(5_000_000n);

    status = 503;
    tracer.begin('predict x', undefined).end({});
    await exporter.stop(5_000);
    expect(exporter.counts()).toEqual({ sent: 2, dropped: 1 });
    expect(warnings).toEqual([expect.stringMatching(/does not take them: it answered 503/)]);
  });

  test('keeps no more than so many, where nobody takes them', async () => {
    const exporter = createOtlpExporter(
      { endpoint: 'http://127.0.0.1:9', headers: {}, resource: {} },
      { warn: () => {} },
    );
    const tracer = createTracer(1, exporter);
    for (let request = 0; request < 20_000; request++) tracer.begin('x', undefined).end({});
    expect(exporter.counts().dropped).toBeGreaterThanOrEqual(20_000 - 8_192 - 1_024);
    await exporter.stop(5_000);
    expect(exporter.counts()).toEqual({ sent: 0, dropped: 20_000 });
  });
});
