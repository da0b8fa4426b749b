import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import type { ForeignTrace } from '../index.ts';
import { cause, idOf, openTraces, START } from '../testing.ts';

const source = 'sqlite:///mlflow.db';

const span = (spanId: string, parentId: string | null = null): ForeignTrace['spans'][number] => ({
  spanId: spanId.padStart(16, '0'),
  parentId: parentId === null ? null : parentId.padStart(16, '0'),
  name: `span ${spanId}`,
  status: 'OK',
  statusMessage: '',
  startNs: 1_700_000_000_000_000_001n,
  endNs: 1_700_000_000_250_000_001n,
  attributes: new Map([
    ['mlflow.spanType', '"TOOL"'],
    ['share', '1.0'],
  ]),
  events: [],
  links: [],
});

const assessment: ForeignTrace['assessments'][number] = {
  id: 'a-1',
  kind: 'feedback',
  name: 'good',
  value: true,
  error: null,
  rationale: null,
  source: { type: 'HUMAN', id: 'ada' },
  spanId: null,
  metadata: {},
  overrides: null,
  isValid: false,
  createdAt: 5,
  updatedAt: 6,
};

const trace = (number: number, more: Partial<ForeignTrace> = {}): ForeignTrace => ({
  id: idOf(number),
  experimentId: '0',
  clientRequestId: 'c',
  requestPreview: 'why?',
  responsePreview: null,
  startedAt: START,
  durationMs: 250,
  status: 'OK',
  tags: [
    { key: 'team', value: 'ops' },
    { key: 'mlflow.artifactLocation', value: 's3://elsewhere' },
    { key: 'mlflow.trace.spansLocation', value: 'ARTIFACT_REPO' },
  ],
  metadata: [{ key: 'kept', value: 'yes' }],
  assessments: [{ ...assessment, id: `a-${number}` }],
  runs: [],
  prompts: ['greeting/2'],
  spans: [span('1'), span('2', '1')],
  ...more,
});

describeDatabases('imports of traces', (open) => {
  test('keep ids, times, values and assessments as they are; only where files lie is said anew', async () => {
    const { traces, facts } = await openTraces(await open());
    expect(await traces.importTraces({ source, traces: [trace(1)], cause })).toEqual({ added: 1, changed: 0 });
    const { info, spans } = await traces.getTrace(idOf(1));
    expect(info).toMatchObject({
      name: 'span 1',
      startedAt: START,
      durationMs: 250,
      status: 'OK',
      clientRequestId: 'c',
      requestPreview: 'why?',
      assessments: [{ id: 'a-1', isValid: false, createdAt: 5, updatedAt: 6 }],
    });
    const tags = Object.fromEntries(info.tags.map(({ key, value }) => [key, value]));
    expect(tags).toEqual({
      team: 'ops',
      'mlflow.artifactLocation': `mlflow-artifacts:/0/traces/${idOf(1)}/artifacts`,
      'mlflow.trace.spansLocation': 'TRACKING_STORE',
    });
    expect(spans).toMatchObject([
      { spanId: '0000000000000001', type: 'TOOL', startNs: 1_700_000_000_000_000_001n },
      { parentId: '0000000000000001' },
    ]);
    expect(spans[0]?.attributes.get('share')).toBe('1.0');
    expect(await traces.getTraceLinks(idOf(1))).toEqual([{ kind: 'prompt', target: 'greeting/2' }]);
    expect(await facts()).toEqual([]);
  });

  test('again: what changed is changed, what is new is added, spans add up, nothing comes twice', async () => {
    const { traces, experiments } = await openTraces(await open());
    const { id: run } = await experiments.createRun({ experimentId: '0', tags: [], cause });
    const first = { ...trace(1), status: 'IN_PROGRESS' as const, durationMs: null, requestPreview: null };
    await traces.importTraces({ source, traces: [first], cause });
    const second = { ...trace(1), runs: [run, 'f'.repeat(32)], spans: [span('2', '1'), span('3', '1')] };
    for (let time = 0; time < 2; time++) {
      expect(await traces.importTraces({ source, traces: [second], cause })).toEqual({ added: 0, changed: 1 });
    }
    const { info, spans } = await traces.getTrace(idOf(1));
    expect(info).toMatchObject({ status: 'OK', durationMs: 250, requestPreview: 'why?', name: 'span 1' });
    expect(info.assessments).toHaveLength(1);
    expect(spans.map(({ name }) => name)).toEqual(['span 1', 'span 2', 'span 3']);
    // A run that is not here is no link.
    expect(await traces.getTraceLinks(idOf(1))).toEqual([
      { kind: 'prompt', target: 'greeting/2' },
      { kind: 'run', target: run },
    ]);
  });

  test('one that is in another experiment here, or whose assessment is, is refused with all of its call', async () => {
    const { traces, experiments } = await openTraces(await open());
    const { id: other } = await experiments.createExperiment({ name: 'other', tags: [], cause });
    await traces.importTraces({ source, traces: [trace(1)], cause });
    const moved = [trace(2), trace(1, { experimentId: other })];
    await expect(traces.importTraces({ source, traces: moved, cause })).rejects.toMatchObject({ code: 'CONFLICT' });
    const stolen = [trace(2, { assessments: [{ ...assessment, id: 'a-1' }] })];
    await expect(traces.importTraces({ source, traces: stolen, cause })).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(traces.getTrace(idOf(2))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const nowhere = [trace(2, { experimentId: '77' })];
    await expect(traces.importTraces({ source, traces: nowhere, cause })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('files of a trace come into a deleted experiment too, and are told to be missing before', async () => {
    const { traces, experiments } = await openTraces(await open());
    const { id } = await experiments.createExperiment({ name: 'gone', tags: [], cause });
    await experiments.deleteExperiment({ id, cause });
    await traces.importTraces({ source, traces: [trace(1, { experimentId: id })], cause });
    const files = [{ path: 'attachments/x', sizeBytes: 3 }];
    expect(await traces.missingTraceFiles(idOf(1), files)).toEqual(['attachments/x']);
    const file = { traceId: idOf(1), path: 'attachments/x', bytes: Readable.from(['abc']), expected: { sizeBytes: 3 } };
    const { digest } = await traces.importTraceFile({ ...file, cause });
    expect(await traces.missingTraceFiles(idOf(1), [{ path: 'attachments/x', sizeBytes: 3, digest }])).toEqual([]);
    const wrong = { ...file, bytes: Readable.from(['abcd']), cause };
    await expect(traces.importTraceFile(wrong)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    const unknown = { ...file, traceId: idOf(9), bytes: Readable.from(['abc']), cause };
    await expect(traces.importTraceFile(unknown)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
