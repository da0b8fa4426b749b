import { expect, test } from 'vitest';
import { deadlineOf } from './deadline.ts';

const asked = (headers: Parameters<typeof deadlineOf>[0]['headers'], startedAt = performance.now()) =>
  deadlineOf({ headers, startedAt });

test('a request says in milliseconds how long its caller waits, its own header before the proxy’s', () => {
  const before = performance.now();
  const deadline = asked({ 'x-request-timeout-ms': '250', 'x-envoy-expected-rq-timeout-ms': '15000' });
  expect(deadline).toBeGreaterThanOrEqual(before + 250);
  expect(deadline).toBeLessThanOrEqual(performance.now() + 250);
  expect(asked({ 'x-envoy-expected-rq-timeout-ms': '1000' })).toBeGreaterThan(before + 999);
  expect(asked({ host: 'localhost' })).toBeUndefined();
});

test('what is read in one turn of the event loop counts from its beginning', async () => {
  const first = asked({ 'x-request-timeout-ms': '250' });
  for (const end = performance.now() + 5; performance.now() < end;);
  expect(asked({ 'x-request-timeout-ms': '250' })).toBe(first);
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked({ 'x-request-timeout-ms': '250' })).toBeGreaterThanOrEqual((first ?? 0) + 5);
});

test('anything else in its place is refused', () => {
  for (const written of ['soon', '', '-1', '0', 'NaN', '1e999x']) {
    expect(() => asked({ 'x-request-timeout-ms': written })).toThrow('which is no number of milliseconds');
  }
  expect(() => asked({ 'x-request-timeout-ms': ['1', '2'] })).toThrow('no number');
});
