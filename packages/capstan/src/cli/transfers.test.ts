import { expect, it } from 'vitest';
import { bytesText, progressShown, progressText, summaryText } from './transfers.ts';

it('progress says how fast, and how long it takes yet', () => {
  const done = { step: 'sending', remote: 'storage', files: 100, of: 400, bytes: 8_000_000 } as const;
  expect(progressText(done, 500)).toBe('sending to storage: 100 of 400 files');
  expect(progressText(done, 2_000)).toBe('sending to storage: 100 of 400 files, 4 MB/s, 6 s left');
  expect(progressText({ ...done, files: 400 }, 2_000)).toBe('sending to storage: 400 of 400 files, 4 MB/s');
});

it('each step of the work has a clock of its own', () => {
  const shown: string[] = [];
  let time = 0;
  const progress = progressShown({ show: (text) => shown.push(text) }, () => time);
  const done = { remote: 'storage', of: 4, bytes: 0 };
  progress({ ...done, step: 'looking', files: 1 });
  time = 60_000;
  progress({ ...done, step: 'fetching', files: 1 });
  time = 62_000;
  progress({ ...done, step: 'fetching', files: 2 });
  expect(shown.slice(1)).toEqual([
    'fetching from storage: 1 of 4 files',
    'fetching from storage: 2 of 4 files, 2 s left',
  ]);
});

it('amounts are told in words', () => {
  expect([0, 999, 1_000, 4_250_000, 25_000_000, 3e12].map(bytesText)).toEqual([
    '0 B',
    '999 B',
    '1 kB',
    '4.3 MB',
    '25 MB',
    '3 TB',
  ]);
  expect(summaryText({ objects: 1, bytes: 5, present: 1, failed: [] }, 'sent')).toBe(
    '1 object sent (5 B), 1 was there',
  );
  expect(summaryText({ objects: 0, bytes: 0, present: 2, failed: [] }, 'fetched')).toBe(
    '0 objects fetched, 2 were there',
  );
});
