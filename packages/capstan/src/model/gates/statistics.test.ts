import { describe, expect, test } from 'vitest';
import { seededRandom } from '#kernel/statistics/testing/seeded-random';
import { checkBetter } from './compare.ts';
import { checkApproval, constantLosses, lossesOf, statusOf, type Losses } from './model.ts';
import { checkSlices } from './slices.ts';

const ROWS = 6_000;

interface Week {
  readonly labels: Uint8Array;
  readonly features: Float64Array;
}

const sigmoid = (score: number): number => 1 / (1 + Math.exp(-score));

/** A week of labelled rows, late with the chance sigmoid(1.2 x − 1.2): a quarter of them, about. */
function week(seed: number): Week {
  const random = seededRandom(seed);
  const features = Float64Array.from({ length: ROWS }, () => random.normal());
  const labels = Uint8Array.from(features, (x) => (random.chance(sigmoid(1.2 * x - 1.2)) ? 1 : 0));
  return { labels, features };
}

const scored = (name: string, { labels, features }: Week, weight: number, bias: number): Losses =>
  lossesOf(
    name,
    'log_loss',
    labels,
    Float64Array.from(features, (x) => sigmoid(weight * x + bias)),
  );

const compare = (candidate: Losses, other: Losses, confidence = 0.95) =>
  checkBetter({ check: 'better_than champion', metric: 'log_loss', candidate, other, confidence });

describe('better than the champion', () => {
  test('an equal candidate almost never passes: two fits to other noise, 200 weeks', () => {
    let passed = 0;
    for (let seed = 0; seed < 200; seed++) {
      const at = week(seed);
      // As far off in one direction as the other in another: the same expected loss, other rows.
      const status = compare(scored('candidate', at, 1.35, -1.2), scored('champion', at, 1.2 / 1.132, -1.2)).status;
      if (status === 'pass') passed += 1;
    }
    // 5 % are allowed; the fits are equal to within 0.0001 nats.
    expect(passed).toBeLessThanOrEqual(10);
  });

  test('the same model twice never passes', () => {
    const at = week(1);
    const twice = compare(scored('candidate', at, 1.2, -1.2), scored('champion', at, 1.2, -1.2));
    expect(twice).toMatchObject({ status: 'fail', value: 0, n: ROWS });
  });

  test('a truly better one passes nearly always, a worse one never', () => {
    let passed = 0;
    for (let seed = 0; seed < 100; seed++) {
      const at = week(seed);
      const good = scored('candidate', at, 1.2, -1.2);
      const stale = scored('champion', at, 0.6, -1.2);
      if (compare(good, stale).status === 'pass') passed += 1;
      expect(compare(stale, good).status).toBe('fail');
    }
    expect(passed).toBeGreaterThanOrEqual(95);
  });

  test('says value, limit, interval and what was compared', () => {
    const at = week(2);
    const check = compare(scored('the candidate', at, 1.2, -1.2), scored('the champion (version 3)', at, 0.3, -1));
    expect(check.limit).toBeCloseTo(Math.log(20), 12);
    expect(check.value).toBeGreaterThan(check.limit ?? 0);
    expect(check.interval?.[0]).toBeGreaterThan(0);
    expect(check.reason).toMatch(
      /^better: log loss 0\.\d{4} against 0\.\d{4} of the champion \(version 3\), lower by 0\.\d{4} \[/,
    );
  });

  test('a lead at the start that is lost by the end is none', () => {
    const at = week(3);
    const half = ROWS / 2;
    // Right in the first half, upside down and worse in the second.
    const turned = lossesOf(
      'candidate',
      'log_loss',
      at.labels,
      Float64Array.from(at.features, (x, row) => sigmoid((row < half ? 1.2 : -1.2) * x - 1.2)),
    );
    const check = compare(turned, constantLosses('constant', 'log_loss', at.labels, 0.25));
    expect(check.value).toBeGreaterThan(check.limit ?? 0);
    expect(check.status).toBe('fail');
  });

  test('more confidence asks for more evidence', () => {
    const at = week(4);
    const [good, stale] = [scored('c', at, 1.2, -1.2), scored('s', at, 0.6, -1.2)];
    expect(compare(good, stale, 0.999).limit).toBeGreaterThan(compare(good, stale, 0.95).limit ?? 0);
  });

  test('one wildly wrong row costs no more than the cap', () => {
    const labels = Uint8Array.of(1, 0, 0);
    const { raw, capped } = lossesOf('c', 'log_loss', labels, Float64Array.of(1e-12, 0.1, 0.1));
    expect(raw[0]).toBeGreaterThan(27);
    expect(capped[0]).toBe(4);
  });
});

describe('slices', () => {
  const gate = { minRows: 100, maxRegression: 0.02 };
  const carriersOf = (count: number) => Array.from({ length: ROWS }, (_, row) => `c${row % count}`);

  test('noise in many slices refuses almost nobody: 40 slices, 100 weeks of an equal candidate', () => {
    let refused = 0;
    for (let seed = 0; seed < 100; seed++) {
      const at = week(1_000 + seed);
      const columns = new Map([['carrier', carriersOf(40)]]);
      const check = checkSlices(gate, 'log_loss', columns, scored('c', at, 1.4, -1.2), scored('o', at, 1.05, -1.2));
      if (check.status !== 'pass') refused += 1;
    }
    expect(refused).toBeLessThanOrEqual(5);
  });

  test('harm in one slice refuses and is named', () => {
    const at = week(5);
    const carriers = carriersOf(10);
    const harmed = Float64Array.from(at.features, (x, row) => sigmoid((carriers[row] === 'c7' ? -1.2 : 1.2) * x - 1.2));
    const candidate = lossesOf('c', 'log_loss', at.labels, harmed);
    const check = checkSlices(
      gate,
      'log_loss',
      new Map([['carrier', carriers]]),
      candidate,
      scored('o', at, 1.2, -1.2),
    );
    expect(check).toMatchObject({ check: 'slices', status: 'fail', n: 600, limit: 0.02 });
    expect(check.reason).toMatch(/worse by more than 0\.02 for carrier=c7 \(\+0\.\d{4}, n 600\)$/);
  });

  test('slices that are too small are not judged, and said to be; none at all is unknown', () => {
    const at = week(6);
    const carriers = Array.from({ length: ROWS }, (_, row) => (row < 50 ? 'rare' : null));
    const [c, o] = [scored('c', at, 1.2, -1.2), scored('o', at, 1.2, -1.2)];
    const check = checkSlices(gate, 'log_loss', new Map([['carrier', carriers]]), c, o);
    expect(check).toMatchObject({ status: 'pass', n: 5_950 });
    expect(check.reason).toContain('carrier=missing');
    expect(check.reason).toContain('1 of 2 have fewer than 100 rows and are not judged');
    const none = checkSlices({ ...gate, minRows: 7_000 }, 'log_loss', new Map([['carrier', carriers]]), c, o);
    expect(none).toMatchObject({ status: 'unknown', value: null, n: 0 });
  });
});

describe('approval', () => {
  const gate = { check: 'approval', by: ['maintainer'], when: 'risk >= medium' } as const;
  const approval = { model: 'm', version: 1, role: 'maintainer', actor: 'person:ada', reason: 'looked at it', at: 1 };

  test.each([
    ['low', [], 'pass'],
    ['medium', [], 'unknown'],
    ['high', [{ ...approval, role: 'operator' }], 'unknown'],
    ['high', [approval], 'pass'],
  ] as const)('risk %s', (risk, approvals, status) => {
    expect(checkApproval({ ...gate, by: [...gate.by] }, risk, approvals).status).toBe(status);
  });
});

test('bad before unmeasured, unmeasured before good, nothing is not good', () => {
  const checks = (...statuses: ('pass' | 'fail' | 'unknown')[]) => statuses.map((status) => ({ status }));
  expect(statusOf(checks('pass', 'unknown', 'fail'))).toBe('fail');
  expect(statusOf(checks('pass', 'unknown'))).toBe('unknown');
  expect(statusOf(checks('pass'))).toBe('pass');
  expect(statusOf([])).toBe('unknown');
});
