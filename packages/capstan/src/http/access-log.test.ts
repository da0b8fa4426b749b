import { expect, test } from 'vitest';
import { accessLine, type AccessFacts } from './access-log.ts';

const facts: AccessFacts = {
  protocol: 'rest',
  requestId: 'r-1',
  method: 'POST',
  route: '/v2/models/:model/infer',
  status: 200,
  durationMs: 1.234_567,
  bytesIn: 10,
  bytesOut: null,
  remoteAddress: undefined,
  traceparent: undefined,
  consumer: null,
  notes: { deployment: 'a"\n', revisions: [1, 2], rows: 3, predictionId: null },
};
const traceIdOf = (traceparent: AccessFacts['traceparent']): unknown =>
  (JSON.parse(accessLine({ ...facts, traceparent }, 0)) as { traceId: unknown }).traceId;

test('a call is one line, whatever its names are, with what was noted of it', () => {
  const line = accessLine(facts, 1_700_000_000_000);
  expect(line.indexOf('\n')).toBe(line.length - 1);
  expect(JSON.parse(line)).toEqual({
    level: 30,
    time: 1_700_000_000_000,
    pid: process.pid,
    msg: 'access',
    protocol: 'rest',
    requestId: 'r-1',
    method: 'POST',
    route: '/v2/models/:model/infer',
    status: 200,
    bytesIn: 10,
    bytesOut: null,
    durationMs: 1.235,
    remoteAddress: null,
    traceId: null,
    consumer: null,
    deployment: 'a"\n',
    revisions: [1, 2],
    rows: 3,
    predictionId: null,
  });
});

const trace = '0af7651916cd43dd8448eb211c80319c';
const span = 'b7ad6b7169203331';

test.each([`00-${trace}-${span}-01`, `01-${trace}-${span}-01`, `cc-${trace}-${span}-01-and-more`])(
  'the trace of %s is told',
  (header) => expect(traceIdOf(header)).toBe(trace),
);

test.each([
  `00-${trace}-${span}-01-more`,
  `ff-${trace}-${span}-01`,
  `00-${'0'.repeat(32)}-${span}-01`,
  `00-${trace}-${'0'.repeat(16)}-01`,
  `00-${trace.toUpperCase()}-${span}-01`,
  `00-${trace}-${span}`,
  '',
  [`00-${trace}-${span}-01`, `00-${trace}-${span}-01`],
])('%j is no trace', (header) => expect(traceIdOf(header)).toBeNull());
