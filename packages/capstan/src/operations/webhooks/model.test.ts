import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bodyOf, headersOf, judge, waitMs } from './model.ts';
import { seal, unseal } from './secrets.ts';

test('the message and its headers are those that receivers of MLflow check', () => {
  const at = Date.UTC(2026, 2, 3, 4, 5, 6, 7);
  const body = bodyOf({ event: 'model_version_tag.set', data: { name: 'm', key: 'k' } }, at);
  expect(JSON.parse(body)).toEqual({
    entity: 'model_version_tag',
    action: 'set',
    timestamp: '2026-03-03T04:05:06.007000+00:00',
    data: { name: 'm', key: 'k' },
  });
  const headers = headersOf('dl_1', body, 'test-secret-key', at);
  const seconds = String(Math.floor(at / 1_000));
  const expected = createHmac('sha256', 'test-secret-key').update(`dl_1.${seconds}.${body}`).digest('base64');
  expect(headers).toMatchObject({
    'X-MLflow-Delivery-Id': 'dl_1',
    'X-MLflow-Timestamp': seconds,
    'X-MLflow-Signature': `v1,${expected}`,
  });
  expect(headersOf('dl_1', body, null, at)).not.toHaveProperty('X-MLflow-Signature');
});

// Signed by MLflow 3.17.2: mlflow.webhooks.delivery._generate_hmac_signature('ключ-42', 'dl_1', '1700000000', '{"ä": 1}')
test('the signature is the one that MLflow makes', () => {
  expect(headersOf('dl_1', '{"ä": 1}', 'ключ-42', 1_700_000_000_999)['X-MLflow-Signature']).toBe(
    'v1,w6xqGzVEcO6FmaS9ckBsM7eLF2zzqgwniKVjF76o8PE=',
  );
});

test('only what may pass by itself is tried again', () => {
  expect([200, 204, 299].map(judge)).toEqual(['delivered', 'delivered', 'delivered']);
  expect([429, 500, 502, 503, 504].map(judge)).toEqual(Array.from({ length: 5 }, () => 'again'));
  expect([101, 301, 400, 401, 404, 408, 501, 505].map(judge)).toEqual(Array.from({ length: 8 }, () => 'failed'));
});

describe('waiting', () => {
  const times = { firstMs: 1_000, now: Date.UTC(2026, 0, 1), chance: 0 };

  test('doubles up to a minute, or is what the target asks for', () => {
    expect([1, 2, 3, 7, 30].map((tries) => waitMs(tries, undefined, times))).toEqual([
      1_000, 2_000, 4_000, 60_000, 60_000,
    ]);
    expect(waitMs(1, '7', times)).toBe(7_000);
    expect(waitMs(1, 'Thu, 01 Jan 2026 00:00:30 GMT', times)).toBe(30_000);
    expect(waitMs(1, 'Wed, 31 Dec 2025 00:00:00 GMT', times)).toBe(0);
    expect(waitMs(2, 'soon', times)).toBe(2_000);
  });

  test('never more than an hour, never less than nothing, whatever the target says', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.string(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (tries, header, chance) => {
          const wait = waitMs(tries, header, { ...times, chance });
          expect(wait).toBeGreaterThanOrEqual(0);
          expect(wait).toBeLessThanOrEqual(3_600_000);
        },
      ),
    );
  });
});

test('a sealed secret is opened by its key only, and damage is seen', () => {
  const key = Buffer.alloc(32, 1);
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (secret) => {
      expect(unseal(key, seal(key, secret))).toBe(secret);
    }),
  );
  const sealed = seal(key, 'hidden');
  expect(sealed).not.toContain('hidden');
  expect(seal(key, 'hidden')).not.toBe(sealed);
  for (const wrong of [sealed.slice(0, -2), `v2${sealed.slice(2)}`, '', 'v1.a.b.c']) {
    expect(() => unseal(key, wrong)).toThrow('another key');
  }
  expect(() => unseal(Buffer.alloc(32, 2), sealed)).toThrow('another key');
});
