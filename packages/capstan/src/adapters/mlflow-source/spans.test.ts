import { expect, test } from 'vitest';
import { spansOfFile, spansOfTexts } from './spans.ts';

const attributes = { 'mlflow.traceRequestId': '"tr-1"', n: '1.0', bare: 'no JSON', deep: { big: 1 } };
const kept = { 'mlflow.traceRequestId': '"tr-1"', n: '1.0', bare: '"no JSON"', deep: '{"big": 1}' };
const common = { name: 'ask', statusMessage: 'as said', attributes: kept };

test('spans of every version of MLflow are read alike', () => {
  const event = { name: 'e', attributes: { whole: 1, text: 'x' } };
  const now = {
    trace_id: Buffer.from('1'.repeat(32), 'hex').toString('base64'),
    span_id: Buffer.from('00000000000000ab', 'hex').toString('base64'),
    parent_span_id: Buffer.from('00000000000000cd', 'hex').toString('base64'),
    name: 'ask',
    start_time_unix_nano: 10,
    end_time_unix_nano: '20',
    status: { code: 'STATUS_CODE_ERROR', message: 'as said' },
    attributes,
    events: [{ ...event, time_unix_nano: 15 }],
    links: [{ trace_id: `tr-${'2'.repeat(32)}`, span_id: '00000000000000ef', attributes: { share: 0.5 } }],
  };
  const readable = {
    ...now,
    span_id: '00000000000000ab',
    parent_span_id: '',
    status: { code: 'OK', message: 'as said' },
  };
  const before = {
    name: 'ask',
    context: { trace_id: '0x1', span_id: '0x00000000000000ab' },
    parent_id: null,
    start_time: 10,
    end_time: null,
    status_code: 'StatusCode.UNSET',
    status_message: 'as said',
    attributes,
    events: [{ ...event, timestamp: 15 }],
  };
  const whole = { ...common, spanId: '00000000000000ab', startNs: '10' };
  const events = [{ name: 'e', atNs: '15', attributes: { whole: '1', text: '"x"' } }];
  const link = { traceId: '2'.repeat(32), spanId: '00000000000000ef', attributes: { share: '0.5' } };
  const { spans } = spansOfTexts(
    'tr-1',
    [now, readable, before].map((span) => JSON.stringify(span)),
  );
  expect(spans).toEqual([
    { ...whole, parentId: '00000000000000cd', endNs: '20', status: 'ERROR', events, links: [link] },
    { ...whole, parentId: null, endNs: '20', status: 'OK', events, links: [link] },
    { ...whole, parentId: null, endNs: null, status: 'UNSET', events, links: [] },
  ]);
});

test('decimal numbers stay decimal, and nanoseconds exact', () => {
  const text = `{"spans": [{"span_id": "00000000000000ab", "name": "x", "start_time_unix_nano": 1700000000000000001,
    "attributes": {}, "events": [{"name": "e", "timestamp": 1700000000000000003, "attributes": {"share": 1.0, "lost": NaN}}]}]}`;
  expect(spansOfFile('tr-1', text).spans).toMatchObject([
    {
      startNs: '1700000000000000001',
      events: [{ atNs: '1700000000000000003', attributes: { share: '1.0', lost: 'NaN' } }],
    },
  ]);
});

test('what is no span is left out, and files that spans name are noticed', () => {
  const texts = ['no JSON', '[]', '{"name": "no id"}', '{"span_id": "zz", "start_time_unix_nano": 1}'];
  expect(spansOfTexts('tr-1', texts)).toEqual({ traceId: 'tr-1', spans: [], hasFiles: false });
  expect(spansOfFile('tr-1', 'no JSON')).toEqual({ traceId: 'tr-1', spans: [], hasFiles: false });
  expect(spansOfTexts('tr-1', ['{"attributes": {"x": "mlflow-attachment://a"}}']).hasFiles).toBe(true);
});
