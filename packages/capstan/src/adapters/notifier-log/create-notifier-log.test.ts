import { describe, expect, it } from 'vitest';
import type { Notice } from '#ports/notifier';
import { createNotifierLog } from './index.ts';

const notice: Notice = {
  severity: 'critical',
  title: 'The loss budget is spent',
  detail: 'late-arrival lost 5,000 USD in 24 h; it answers with the fallback now',
  link: '/projects/flight-delays/cycles/12',
  key: 'loss-budget:late-arrival',
};

describe('log notifier', () => {
  it.each([
    ['info', 'info'],
    ['warning', 'warn'],
    ['critical', 'error'],
  ] as const)('writes a notice of severity %s at level %s with every fact', async (severity, level) => {
    const records: unknown[] = [];
    const notifier = createNotifierLog({ log: (...record) => records.push(record) });
    await notifier.notify({ ...notice, severity });
    expect(records).toEqual([
      [level, { notice: notice.key, severity, detail: notice.detail, link: notice.link }, notice.title],
    ]);
  });

  it('does not throw into the work when the log does', async () => {
    const notifier = createNotifierLog({
      log: () => {
        throw new Error('disk full');
      },
    });
    await expect(notifier.notify(notice)).resolves.toBeUndefined();
  });
});
