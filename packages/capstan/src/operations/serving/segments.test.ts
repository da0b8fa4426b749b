import { appendFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { randomIds } from '#ports/ids';
import { decodeSegment, encodeRecord } from '#ports/prediction-log';
import { openSegmentLog, type LogSync } from './segments.ts';

const recordOf = (request: string): Buffer =>
  encodeRecord({
    request,
    deployment: 'shop',
    rollout: null,
    stage: null,
    at: 1,
    rows: 1,
    examples: null,
    eventTimes: null,
    inputs: null,
    parts: [
      {
        role: 'champion',
        revision: 1,
        modelVersion: 1,
        share: 1,
        threshold: 0.5,
        shift: 0,
        rows: null,
        probabilities: null,
        outputs: null,
        error: null,
        latencyUs: 1,
      },
    ],
  });

function logIn(folder: string, sync: LogSync, syncFile?: (file: number) => Promise<void>) {
  const log = openSegmentLog({
    folder,
    ids: randomIds,
    maxAgeMs: 60_000,
    sync,
    onSealed: () => undefined,
    ...(syncFile && { syncFile }),
  });
  onTestFinished(() => log.close());
  return log;
}

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-segments-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const requestsIn = (log: ReturnType<typeof logIn>): string[] =>
  log.sealed().flatMap(({ path }) => decodeSegment(readFileSync(path)).map(({ request }) => request));

/** Lets all go on that waits for nothing but its turn. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('what the last process left open is sealed without the record it died in, in its own form or the older one', async () => {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'open-sg_1.log'), Buffer.concat([recordOf('whole'), recordOf('cut').subarray(0, -1)]));
  writeFileSync(join(folder, 'open-sg_2.ndjson'), '');
  writeFileSync(join(folder, 'open-sg_3.log'), recordOf('cut').subarray(0, 20));
  const line = {
    v: 1,
    request: 'older',
    deployment: 'shop',
    rollout: null,
    stage: null,
    at: 1,
    examples: ['a'],
    eventTimes: null,
    inputs: null,
    parts: [
      {
        role: 'champion',
        revision: 1,
        modelVersion: 1,
        share: 1,
        threshold: 0.5,
        shift: 0,
        rows: null,
        probabilities: null,
        error: null,
        latencyUs: 1,
      },
    ],
  };
  writeFileSync(join(folder, 'open-sg_4.ndjson'), `${JSON.stringify(line)}\n`);
  appendFileSync(join(folder, 'open-sg_4.ndjson'), '{"v":1,"requ');
  const log = logIn(folder, 'none');
  expect(log.sealed().map(({ id }) => id)).toEqual(['sg_1', 'sg_4']);
  expect(requestsIn(log)).toEqual(['whole', 'older']);
  expect(readdirSync(folder).filter((name) => name.startsWith('open-'))).toEqual([]);
});

test('records of one turn go out together, and are there when their writers hear so', async () => {
  const folder = emptyFolder();
  const log = logIn(folder, 'none');
  await Promise.all(['r1', 'r2'].map((request) => log.append(recordOf(request), 1)));
  const [open = ''] = readdirSync(folder).filter((name) => name.startsWith('open-'));
  expect(decodeSegment(readFileSync(join(folder, open))).map(({ request }) => request)).toEqual(['r1', 'r2']);
  log.seal();
  expect(requestsIn(log)).toEqual(['r1', 'r2']);
});

test('with `always` nobody hears before the disk has it, and who waits together shares a sync', async () => {
  const syncs: PromiseWithResolvers<void>[] = [];
  const log = logIn(emptyFolder(), 'always', () => {
    const sync = Promise.withResolvers<void>();
    syncs.push(sync);
    return sync.promise;
  });
  const heard: string[] = [];
  const answers = ['r1', 'r2', 'r3'].map(async (request) => {
    if (request !== 'r1') await turn();
    await log.append(recordOf(request), 1);
    heard.push(request);
  });
  await turn();
  await turn();
  expect([syncs.length, heard]).toEqual([1, []]);
  syncs[0]?.resolve();
  await answers[0];
  await expect.poll(() => syncs.length).toBe(2);
  expect(heard).toEqual(['r1']);
  syncs[1]?.resolve();
  await Promise.all(answers);
  expect(heard).toEqual(['r1', 'r2', 'r3']);
  expect(syncs).toHaveLength(2);
});

test('with `always` a disk that fails is no answer', async () => {
  const log = logIn(emptyFolder(), 'always', () => Promise.reject(new Error('EIO')));
  await expect(log.append(recordOf('r1'), 1)).rejects.toMatchObject({ code: 'STORAGE_FULL' });
});

test.each([
  ['none', 0],
  ['interval', 1],
] as const)('with `%s` %i sync belongs to a segment, and no answer waits for it', async (sync, expected) => {
  let syncs = 0;
  const log = logIn(emptyFolder(), sync, async () => void (syncs += 1));
  await log.append(recordOf('r1'), 1);
  expect(syncs).toBe(0);
  log.seal();
  await turn();
  expect(syncs).toBe(expected);
});
