import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Snapshot } from '@capstan/api';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ControlPlane } from './control-plane.ts';
import { createSnapshotFollower } from './follow-snapshot.ts';
import type { ModelShelf } from './model-shelf.ts';

let folder = '';
const stopping = new AbortController();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'capstan-follow-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A control plane that publishes another snapshot when it hears of version 2. */
function setup() {
  let wanted: Snapshot = { version: 1, clock: 'simulated', now: 1_000, deployments: [] };
  const log: string[] = [];
  let known = 0;
  let meanwhile = (): void => {};
  let kept: ReadonlySet<string> = new Set();
  const controlPlane: ControlPlane = {
    async nextSnapshot() {
      log.push(`asked for ${wanted.version}`);
      const answer = wanted;
      meanwhile();
      return answer;
    },
    modelPackage: () => Promise.reject(new Error('no model is needed')),
    download: () => Promise.reject(new Error('no model is needed')),
    sendSegment: () => Promise.reject(new Error('nothing is logged')),
    sendCalls: () => Promise.reject(new Error('nobody calls')),
    leave: () => Promise.reject(new Error('the plane says so')),
    recentInputs: async () => [],
    report: () => Promise.reject(new Error('the plane reports')),
  };
  const follower = createSnapshotFollower({
    file: join(folder, 'snapshot.json'),
    controlPlane,
    replica: 'r1',
    shelf: {
      keepOnly: async (served: ReadonlySet<string>) => void (kept = served),
      take: () => new Promise(() => {}),
    } as unknown as ModelShelf,
    signatures: { of: async () => null, keepOnly: async () => {} },
    log: pino({ level: 'silent' }),
    stopping: stopping.signal,
    onAccess: (access) => void (access && log.push(`callers: ${access.consumers.map(({ name }) => name).join()}`)),
    isKnown: () => known === (follower.current()?.version ?? 0),
    async reportNews() {
      const version = follower.current()?.version ?? 0;
      if (version === known) return false;
      log.push(`told ${version}`);
      known = version;
      if (version === 2) wanted = { ...wanted, version: 3 };
      return true;
    },
  });
  return {
    follower,
    log,
    kept: () => [...kept],
    publish: (next: Partial<Snapshot>) => void (wanted = { ...wanted, ...next }),
    forget: () => void (known = 0),
    /** The follower's own report arrives just after the next question, and leads to another snapshot. */
    hearLate() {
      known = 0;
      meanwhile = () => {
        known = 1;
        wanted = { ...wanted, version: 3 };
        meanwhile = () => {};
      };
    },
  };
}

test('a snapshot is told of, and what that leads to is taken too', async () => {
  const { follower, log, publish } = setup();
  publish({ version: 2 });
  expect(await follower.sync()).toMatchObject({ version: 3 });
  expect(log).toEqual(['asked for 2', 'told 2', 'asked for 3', 'told 3', 'asked for 3']);
});

test('a new time alone is taken by one question, and told to nobody', async () => {
  const { follower, log, publish } = setup();
  await follower.sync();
  log.length = 0;
  publish({ now: 2_000 });
  expect(await follower.sync()).toMatchObject({ now: 2_000 });
  expect(follower.current()?.now).toBe(2_000);
  expect(log).toEqual(['asked for 1']);
});

test('what was not acknowledged is told again, and what it leads to is asked for', async () => {
  const { follower, log, forget } = setup();
  await follower.sync();
  log.length = 0;
  forget();
  await follower.sync();
  expect(log).toEqual(['asked for 1', 'told 1', 'asked for 1']);
});

test('what a report leads to that was still under way is asked for', async () => {
  const { follower, hearLate } = setup();
  await follower.sync();
  hearLate();
  expect(await follower.sync()).toMatchObject({ version: 3 });
});

test('a model that takes long holds up no other change, and is kept meanwhile', async () => {
  const { follower, publish, kept } = setup();
  const digest = `sha256:${'0'.repeat(64)}` as const;
  const route = {
    revision: 1,
    role: 'champion',
    share: 1,
    model: 'm',
    modelVersion: 1,
    digest,
    flavor: 'python_function',
    package: digest,
    threshold: 0.5,
    inputAdapters: {},
    shift: 0,
  } as const;
  const slow = {
    name: 'slow',
    project: '',
    context: { id: null, eventTime: null },
    rollout: null,
    salt: 'slow',
    routes: [route],
    breaker: { state: 'closed', mode: 'fallback', fallbackProbability: null, lastKnownGood: null, reason: null },
  } as const;
  publish({ deployments: [{ ...slow, warm: [], redact: [], sample: 1, routes: [...slow.routes] }] });
  await expect(follower.sync()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(follower.states().get('slow')).toMatchObject({ loading: [{ revision: 1, key: digest }], isIncomplete: true });
  expect(kept()).toEqual([digest]);
});
