// An unmodified mlflow traces against `capstan up`: mlflow_traces_session.py acts as users do, this says what they must see.
import { createClient } from '@capstan/client';
import { expect, test } from 'vitest';
import { capstan } from '../support/server.ts';
import { describeSession, refused } from './sessions.ts';

describeSession('mlflow_traces_session.py', ({ server, sawIn }) => {
  test('decorated functions: spans as a tree, inputs, outputs, types of attributes, exceptions', () => {
    expect(sawIn('decorated')).toEqual({
      ask: {
        state: 'OK',
        name: 'ask',
        request: '{"question": "what is new?"}',
        response: '{"answer": "1 found", "sum": 3}',
        usage: { input_tokens: 10, output_tokens: 5, total_tokens: 15 },
        spans: [
          ['add', 'TOOL', 'ask'],
          ['ask', 'AGENT', null],
          ['complete', 'CHAT_MODEL', 'ask'],
          ['look_up', 'RETRIEVER', 'ask'],
        ],
        isTimed: true,
      },
      inputs: { question: 'what is new?' },
      outputs: { answer: '1 found', sum: 3 },
      attributes: { team: 'ops', limit: 3, share: 0.5 },
      kinds: ['int', 'float'],
      documents: [{ page_content: 'about what is new?', metadata: { doc_uri: 'a.txt', score: 1 } }],
      isSameThroughSearch: true,
      refused: 'no luck',
      failed: {
        state: 'ERROR',
        name: 'fails',
        request: '{}',
        response: null,
        usage: null,
        spans: [['fails', 'UNKNOWN', null]],
        isTimed: true,
      },
      failure: ['SpanStatusCode.ERROR', 'ValueError: no luck'],
      events: [['exception', 'no luck']],
    });
  });

  test('tokens: a parent that reports for its children is not counted twice', () => {
    expect(sawIn('sums')).toEqual({
      reported: { input_tokens: 7, output_tokens: 3, total_tokens: 10 },
      summed: { input_tokens: 14, output_tokens: 6, total_tokens: 20 },
    });
  });

  test('search: every kind of clause, order, pages, and refusals that say where', () => {
    const all = [0, 1, 2, 3, 4];
    expect(sawIn('search')).toEqual({
      all,
      tag: [0, 1, 2],
      tagNot: [3, 4],
      metadata: [1, 3],
      status: [4],
      name: [3],
      nameLike: all,
      requestId: [3],
      clientRequestId: [2],
      time: all,
      span: [1],
      attribute: [1, 3],
      text: [2],
      feedback: [0],
      verdict: [2],
      isNull: [0, 1, 3, 4],
      noTag: all,
      newest: [4, 3, 2, 1, 0],
      byTag: [4, 3, 2, 1, 0],
      either: [0, 2],
      pages: [2, 3, true],
      columns: [{ text: 'läuft 2' }, 'OK'],
      badKey: refused('INVALID_PARAMETER_VALUE', 400, "Invalid attribute key 'bogus'"),
      badClause: refused('INVALID_PARAMETER_VALUE', 400, 'Invalid clause(s) in filter string'),
    });
  });

  test('assessments: feedback and expectations are made, overridden, changed and removed', () => {
    expect(sawIn('assessments')).toEqual({
      id: expect.stringMatching(/^a-[0-9a-f]{32}$/),
      read: ['right', true, 'it is 3', 'HUMAN', 'bob', { round: '1' }],
      expectation: { sum: 3, steps: [1, 2] },
      error: ['ValueError', 'no answer'],
      valid: [false, true, true, true],
      changed: ['wrong', true, 'it is 4', { round: '2' }],
      listed: ['answer', 'judge', 'right', 'wrong'],
      left: ['answer', 'judge', 'right'],
      gone: refused('RESOURCE_DOES_NOT_EXIST', 404, 'Assessment with ID'),
      noTrace: refused('RESOURCE_DOES_NOT_EXIST', 404, 'Trace with ID'),
    });
  });

  test('tags, runs and prompts of a trace', () => {
    expect(sawIn('tags_and_links')).toEqual({
      tags: { color: 'blue' },
      hasGone: false,
      ofRun: true,
      prompted: true,
      deletedTag: refused('RESOURCE_DOES_NOT_EXIST', 404, "No trace tag with key 'gone'"),
      location: expect.stringMatching(/^mlflow-artifacts:\/\d+\/traces\/TRACE\/artifacts$/),
    });
  });

  test('deletion: by id, and the oldest', () => {
    expect(sawIn('deletion')).toEqual({
      counts: [1, 1],
      left: true,
      gone: refused('INVALID_PARAMETER_VALUE', 400, 'must be specified'),
    });
  });

  test('spans in a file are read back from it', () => {
    expect(sawIn('files')).toEqual({ experiment: true, spans: [['add', { a: 3, b: 4 }, 7]] });
  });

  test("OpenTelemetry's own protocol: JSON and protobuf, packed, sent again, and wrong", () => {
    const accepted = [200, 'application/x-protobuf', 0];
    expect(sawIn('otlp')).toEqual({
      json: accepted,
      gzip: accepted,
      again: accepted,
      type: [400, { detail: expect.stringContaining('Invalid Content-Type') }],
      broken: [400, { detail: 'Invalid OpenTelemetry format' }],
      empty: [400, { detail: 'Invalid OpenTelemetry format - no spans found' }],
      noId: [422, { detail: 'Cannot convert OpenTelemetry span to MLflow span' }],
      chat: {
        state: 'OK',
        name: null,
        request: '[{"role": "user", "content": "hi"}]',
        response: null,
        usage: { input_tokens: 8, output_tokens: 2, total_tokens: 10 },
        spans: [['chat tiny-1', 'CHAT_MODEL', null]],
        isTimed: true,
      },
      service: 'shop',
      duration: 250,
      start: '1700000000000000001',
      deep: ['4611686018427387905', '0.5'],
      count: 2,
    });
  });

  test('a deleted experiment takes no traces, and keeps those it has', () => {
    expect(sawIn('lifecycle')).toEqual({
      refused: refused('INVALID_PARAMETER_VALUE', 400, "must be in the 'active' state"),
      isThere: true,
    });
  });

  test('the native API and the command line show the same traces', async () => {
    const client = createClient({ baseUrl: server().url });
    const { items } = await client.experiments.list({ query: { filter: "name = 'decorated'" } });
    const experiment = items[0]?.id ?? '';
    const { items: traces } = await client.traces.list({ params: { experiment }, query: {} });
    expect(traces.map(({ name, status }) => [name, status])).toEqual([
      ['fails', 'ERROR'],
      ['ask', 'OK'],
    ]);
    const trace = await client.traces.get({ params: { trace: traces[1]?.id ?? '' } });
    expect(trace.spans.map((span) => span.name)).toEqual(['ask', 'look_up', 'complete', 'add']);
    expect(trace.spans[0]?.attributes).toMatchObject({ limit: '3', share: '0.5', team: '"ops"' });

    const list = await capstan(['traces', 'list', '--experiment', 'decorated', '--json'], server().url);
    expect(JSON.parse(list.out)).toMatchObject({
      schema: 'capstan/traces.v1',
      traces: [{ name: 'fails' }, { name: 'ask' }],
    });
    const shown = await capstan(['traces', 'show', trace.id], server().url);
    expect(shown.out).toContain('look_up');
    expect(shown.code).toBe(0);
  });
});
