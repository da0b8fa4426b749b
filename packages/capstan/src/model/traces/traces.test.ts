import { describe, expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import { DomainError } from '#kernel/errors';
import { CASCADE_TABLES, START, cause, idOf, openTraces, sentSpan } from './testing.ts';
import type { AttributeValue, GivenTrace } from './index.ts';

const given = (trace: number, rest: Partial<GivenTrace> = {}): GivenTrace => ({
  id: idOf(trace),
  experimentId: '0',
  startedAt: START,
  durationMs: 1_500,
  status: 'OK',
  tags: [{ key: 'mlflow.traceName', value: 'asked' }],
  metadata: [],
  assessments: [],
  cause,
  ...rest,
});

const textsOf = (texts: readonly { key: string; value: string }[]) =>
  Object.fromEntries(texts.map(({ key, value }) => [key, value]));

async function refusalOf(act: Promise<unknown>): Promise<DomainError> {
  const error: unknown = await act.then(
    () => undefined,
    (refused: unknown) => refused,
  );
  if (error instanceof DomainError) return error;
  throw new Error(`No refusal: ${String(error)}`);
}

describeDatabases('traces', (open) => {
  describe('spans', () => {
    test('make their trace: status, times, previews, session, tags of root and sender', async () => {
      const { traces, facts } = await openTraces(await open());
      const root = sentSpan(
        { span: 1 },
        {
          name: 'ask',
          attributes: {
            'mlflow.spanInputs': '{"messages": [{"role": "user", "content": "hi"}]}',
            'mlflow.spanOutputs': 'ho',
            'session.id': 's1',
            'user.id': 'bob',
            'mlflow.traceTag.team': 'red',
          },
          resource: new Map<string, AttributeValue>([
            ['service.name', 'shop'],
            ['telemetry.sdk.name', 'x'],
          ]),
        },
      );
      await traces.logSpans({ experimentId: '0', spans: [root, sentSpan({ span: 2, parent: 1 })], cause });
      const { info, spans } = await traces.getTrace(idOf(1));
      expect(info).toMatchObject({
        status: 'OK',
        name: 'ask',
        startedAt: START + 1_000,
        durationMs: 100,
        requestPreview: 'hi',
        responsePreview: '"ho"',
      });
      expect(textsOf(info.metadata)).toEqual({ 'mlflow.trace.session': 's1', 'mlflow.trace.user': 'bob' });
      expect(textsOf(info.tags)).toEqual({
        team: 'red',
        'service.name': 'shop',
        'mlflow.trace.spansLocation': 'TRACKING_STORE',
        'mlflow.artifactLocation': `mlflow-artifacts:/0/traces/${idOf(1)}/artifacts`,
      });
      expect(spans.map((span) => span.name)).toEqual(['ask', 'span 2']);
      expect(await facts()).toEqual(['traces.logged']);
    });

    test('come back exactly: nanoseconds, types of values, events, links', async () => {
      const { traces } = await openTraces(await open());
      const attributes = { whole: 1n, decimal: 1, long: 9_007_199_254_740_993n, deep: new Map([['a', [null, true]]]) };
      const events = [{ name: 'said', atNs: 1_700_000_000_000_000_001n, attributes: new Map([['n', 2n]]) }];
      const links = [{ traceId: 'f'.repeat(32), spanId: 'e'.repeat(16), attributes: new Map() }];
      const sent = sentSpan({}, { attributes, events, links, status: 'ERROR', statusMessage: 'no\nluck', endNs: null });
      await traces.logSpans({ experimentId: '0', spans: [sent], cause });
      const [span] = (await traces.getTrace(idOf(1))).spans;
      expect(span).toMatchObject({ startNs: sent.startNs, endNs: null, events, links, statusMessage: 'no\nluck' });
      expect(Object.fromEntries(span?.attributes ?? [])).toMatchObject({
        whole: '1',
        decimal: '1.0',
        long: '9007199254740993',
        deep: '{"a": [null, true]}',
      });
    });

    test('may come in any order and again: the trace is the same', async () => {
      const { traces } = await openTraces(await open());
      const usage = { 'mlflow.chat.tokenUsage': '{"input_tokens": 3, "output_tokens": 1, "total_tokens": 4}' };
      const child = sentSpan({ span: 2, parent: 1 }, { attributes: usage });
      const root = sentSpan({ span: 1 }, { attributes: usage });
      await traces.logSpans({ experimentId: '0', spans: [child], cause });
      expect(await traces.getTraceInfo(idOf(1))).toMatchObject({ status: 'IN_PROGRESS', name: null });
      for (const spans of [[root], [child], [root, child]]) {
        await traces.logSpans({ experimentId: '0', spans, cause });
        const info = await traces.getTraceInfo(idOf(1));
        expect(info).toMatchObject({ status: 'OK', name: 'span 1', startedAt: START + 1_000 });
        expect(textsOf(info.metadata)['mlflow.trace.tokenUsage']).toBe(
          '{"input_tokens": 3, "output_tokens": 1, "total_tokens": 4}',
        );
      }
      expect((await traces.getTrace(idOf(1))).spans).toHaveLength(2);
    });

    test('change nothing of what a client has said of the whole', async () => {
      const { traces } = await openTraces(await open());
      const metadata = [{ key: 'mlflow.trace.tokenUsage', value: '{"total_tokens": 99}' }];
      await traces.recordTrace(given(1, { metadata, requestPreview: 'asked' }));
      const attributes = { 'mlflow.chat.tokenUsage': '{"total_tokens": 4}', 'mlflow.spanInputs': '1' };
      await traces.logSpans({
        experimentId: '0',
        spans: [sentSpan({}, { attributes, status: 'ERROR', endNs: BigInt(START + 9_000) * 1_000_000n })],
        cause,
      });
      const info = await traces.getTraceInfo(idOf(1));
      expect(info).toMatchObject({ status: 'OK', durationMs: 1_500, requestPreview: 'asked', name: 'asked' });
      expect(textsOf(info.metadata)['mlflow.trace.tokenUsage']).toBe('{"total_tokens": 99}');
    });

    test('with a run are linked to it', async () => {
      const { traces, experiments } = await openTraces(await open());
      const { id: runId } = await experiments.createRun({ experimentId: '0', cause });
      await traces.logSpans({ experimentId: '0', spans: [sentSpan({})], runId, cause });
      expect(await traces.getTraceLinks(idOf(1))).toEqual([{ kind: 'run', target: runId }]);
    });

    test('that were linked to runs before they came have those links, and no others', async () => {
      const { traces, experiments, database } = await openTraces(await open());
      const { id: first } = await experiments.createRun({ experimentId: '0', cause });
      const { id: second } = await experiments.createRun({ experimentId: '0', cause });
      await traces.linkToRun({ traceIds: [idOf(1), idOf(2), idOf(1), 'no trace is called so'], runId: first, cause });
      await traces.linkToRun({ traceIds: [idOf(1)], runId: second, cause });
      await traces.linkToRun({ traceIds: [idOf(1)], runId: second, cause });
      await traces.logSpans({ experimentId: '0', spans: [sentSpan({})], runId: second, cause });
      await traces.recordTrace(given(2));
      await traces.recordTrace(given(3));
      const runs = [first, second].toSorted();
      expect(await traces.getTraceLinks(idOf(1))).toEqual(runs.map((target) => ({ kind: 'run', target })));
      expect(await traces.getTraceLinks(idOf(2))).toEqual([{ kind: 'run', target: first }]);
      expect(await traces.getTraceLinks(idOf(3))).toEqual([]);
      expect(await database.read.selectFrom('early_trace_links').selectAll().execute()).toEqual([]);
    });

    test('are refused together: an unknown or deleted experiment, an unknown run', async () => {
      const { traces, experiments, facts } = await openTraces(await open());
      const spans = [sentSpan({})];
      const { id } = await experiments.createExperiment({ name: 'gone', cause });
      await experiments.deleteExperiment({ id, cause });
      const codes = [
        await refusalOf(traces.logSpans({ experimentId: '77', spans, cause })),
        await refusalOf(traces.logSpans({ experimentId: id, spans, cause })),
        await refusalOf(traces.logSpans({ experimentId: '0', spans, runId: 'f'.repeat(32), cause })),
        await refusalOf(traces.recordTrace(given(1, { experimentId: id }))),
      ].map((error) => error.code);
      expect(codes).toEqual(['NOT_FOUND', 'CONFLICT', 'NOT_FOUND', 'CONFLICT']);
      expect(await facts()).toEqual([]);
      expect((await refusalOf(traces.getTraceInfo(idOf(1)))).code).toBe('NOT_FOUND');
    });
  });

  describe('what a client says of the whole', () => {
    test('is merged when it is said again', async () => {
      const { traces } = await openTraces(await open());
      await traces.recordTrace(given(1, { requestPreview: 'a', tags: [{ key: 'a', value: '1' }] }));
      const again = await traces.recordTrace(
        given(1, { status: 'ERROR', durationMs: null, tags: [{ key: 'b', value: '2' }] }),
      );
      expect(again).toMatchObject({ status: 'ERROR', durationMs: null, requestPreview: 'a' });
      expect(textsOf(again.tags)).toMatchObject({ a: '1', b: '2' });
      expect(textsOf(again.metadata)).toEqual({ 'mlflow.trace.infoFinalized': 'true' });
    });

    test('old clients begin and end traces', async () => {
      const { traces } = await openTraces(await open());
      const begun = await traces.startTrace({ experimentId: '0', startedAt: 100, tags: [], metadata: [], cause });
      expect(begun).toMatchObject({ status: 'IN_PROGRESS', durationMs: null });
      const tags = [{ key: 'z', value: 'w' }];
      const ended = await traces.endTrace({ id: begun.id, endedAt: 350, status: 'OK', tags, metadata: tags, cause });
      expect(ended).toMatchObject({ status: 'OK', durationMs: 250, startedAt: 100 });
      expect(textsOf(ended.metadata)).toEqual({ z: 'w' });
    });

    test('tags are set and removed, but those that only the server knows', async () => {
      const { traces } = await openTraces(await open());
      await traces.recordTrace(given(1));
      await traces.setTraceTag({ id: idOf(1), tag: { key: 'mlflow.traceName', value: 'renamed' }, cause });
      expect((await traces.getTraceInfo(idOf(1))).name).toBe('renamed');
      await traces.removeTraceTag({ id: idOf(1), key: 'mlflow.traceName', cause });
      const own = { key: 'mlflow.trace.spansLocation', value: 'x' };
      const codes = [
        await refusalOf(traces.removeTraceTag({ id: idOf(1), key: 'mlflow.traceName', cause })),
        await refusalOf(traces.setTraceTag({ id: idOf(1), tag: own, cause })),
        await refusalOf(traces.setTraceTag({ id: idOf(1), tag: { key: 'k'.repeat(251), value: '' }, cause })),
        await refusalOf(traces.setTraceTag({ id: idOf(2), tag: { key: 'k', value: '' }, cause })),
      ].map((error) => error.code);
      expect(codes).toEqual(['NOT_FOUND', 'INVALID_ARGUMENT', 'INVALID_ARGUMENT', 'NOT_FOUND']);
    });

    test('text that no database holds is stored without it', async () => {
      const { traces } = await openTraces(await open());
      await traces.recordTrace(given(1, { requestPreview: 'a\0b', metadata: [{ key: 'k', value: '\uD800' }] }));
      await traces.logSpans({
        experimentId: '0',
        spans: [sentSpan({}, { name: 'x\0', attributes: { a: '\0' } })],
        cause,
      });
      expect(await traces.getTraceInfo(idOf(1))).toMatchObject({ requestPreview: 'a\uFFFDb' });
    });
  });

  test('deletion takes spans, texts, links, assessments and files along', async () => {
    const { traces, experiments, database } = await openTraces(await open());
    await traces.logSpans({ experimentId: '0', spans: [1, 2, 3].map((trace) => sentSpan({ trace })), cause });
    const { id: runId } = await experiments.createRun({ experimentId: '0', cause });
    await traces.linkToRun({ traceIds: [idOf(1), 'tr-unknown'], runId, cause });
    const assessment = { kind: 'feedback', name: 'q', value: 1, source: { type: 'CODE', id: null } } as const;
    await traces.createAssessment({ traceId: idOf(1), assessment, cause });
    const place = await traces.traceFileRoot(idOf(1));
    await traces.putTraceFile({ place: { ...place, path: 'a/b.txt' }, bytes: Buffer.from('x'), cause });

    const until = START + 10_000;
    expect(await traces.deleteTraces({ experimentId: '0', until, most: 1, cause })).toBe(1);
    expect((await refusalOf(traces.getTraceInfo(idOf(1)))).code).toBe('NOT_FOUND');
    for (const table of CASCADE_TABLES) {
      const rows = await database.read.selectFrom(table).select('trace_key').where('trace_key', '=', 1).execute();
      expect(rows).toEqual([]);
    }
    expect(await experiments.entriesAt(place.root, '')).toEqual([]);
    expect(await traces.deleteTraces({ experimentId: '0', ids: [idOf(2), idOf(1)], cause })).toBe(1);
    expect(await traces.deleteTraces({ experimentId: '99', until, cause })).toBe(0);
    expect((await traces.getTraceInfos([idOf(1), idOf(2), idOf(3)])).map(({ id }) => id)).toEqual([idOf(3)]);
    for (const wrong of [{}, { until, ids: ['a'] }, { ids: ['a'], most: 1 }, { until, most: 0 }]) {
      expect((await refusalOf(traces.deleteTraces({ experimentId: '0', ...wrong, cause }))).code).toBe(
        'INVALID_ARGUMENT',
      );
    }
  });

  test('files lie under the trace, and nowhere else', async () => {
    const { traces } = await openTraces(await open());
    await traces.recordTrace(given(1));
    const at = `0/traces/${idOf(1)}/artifacts`;
    const place = await traces.locateTraceFile(`${at}/traces.json`);
    if (!place) throw new Error('no place');
    await traces.putTraceFile({ place, bytes: Buffer.from('{"spans": []}'), cause });
    expect(await traces.findTraceFile(place)).toMatchObject({ path: 'traces.json', sizeBytes: 13 });
    const root = await traces.locateTraceFile(at);
    expect(root && (await traces.listTraceFiles(root))).toMatchObject([{ kind: 'file', path: 'traces.json' }]);
    expect(await traces.locateTraceFile('0/run/artifacts/traces/x')).toBeUndefined();
    expect((await refusalOf(traces.locateTraceFile(`1/traces/${idOf(1)}/artifacts/a`))).code).toBe('NOT_FOUND');
    expect((await refusalOf(traces.locateTraceFile(`0/traces/${idOf(1)}/artifacts/../a`))).code).toBe(
      'INVALID_ARGUMENT',
    );
    await traces.removeTraceFile({ place, cause });
    expect((await refusalOf(traces.findTraceFile(place))).code).toBe('NOT_FOUND');
  });

  test('spans are whole when as many have come as the client counted', async () => {
    const { traces } = await openTraces(await open());
    await traces.recordTrace(given(1, { metadata: [{ key: 'mlflow.trace.sizeStats', value: '{"num_spans": 2}' }] }));
    await traces.logSpans({ experimentId: '0', spans: [sentSpan({ span: 1 })], cause });
    expect(await traces.getWholeTraces([idOf(1)])).toEqual([]);
    await traces.logSpans({ experimentId: '0', spans: [sentSpan({ span: 2, parent: 1 })], cause });
    expect(await traces.getWholeTraces([idOf(1)])).toHaveLength(1);
    expect(await traces.getWholeTraces([idOf(1)], ['5'])).toEqual([]);
  });
});
