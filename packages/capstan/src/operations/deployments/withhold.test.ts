import type { ServedDeployment } from '@capstan/api';
import { describe, expect, test } from 'vitest';
import { championRoute as route } from './testing.ts';
import { withheldFrom, type DatedDifference, type Standing } from './withhold.ts';

const deployed = (name: string): ServedDeployment => ({
  name,
  project: '',
  context: { id: null, eventTime: null },
  redact: [],
  sample: 1,
  rollout: null,
  salt: name,
  routes: [route],
  warm: [],
  breaker: { state: 'closed', mode: 'fallback', fallbackProbability: null, lastKnownGood: null, reason: null },
});
const published = [deployed('iris'), deployed('flights')];
const NOW = 1_000_000;
const differs = (deployment: string | null, agoMs = 60_000): DatedDifference[] => [
  { deployment, reason: 'why', since: NOW - agoMs },
];
const self = { url: 'http://a', portGroup: 'pg', differences: differs('iris') };
const other: Standing = {
  url: 'http://a',
  portGroup: 'pg',
  serving: published.map(({ name }) => ({ deployment: name, revision: 2 })),
  differences: [],
};
const decide = (
  one: Partial<typeof self>,
  others: readonly Standing[],
  getsGoing: readonly string[] = [],
  withheld: readonly string[] = [],
): ReturnType<typeof withheldFrom> =>
  withheldFrom({ ...self, ...one }, others, published, {
    getsGoing: new Set(getsGoing),
    isWithheld: (name) => withheld.includes(name),
    now: NOW,
  });
const iris = [{ deployment: 'iris', reason: 'why' }];

describe('what is withheld from a replica that differs', () => {
  test('is the deployment that it differs in, once that has lasted for a minute', () => {
    expect(decide({}, [other])).toEqual({ deployments: iris, leavesPort: true });
    expect(decide({ differences: differs('iris', 59_999) }, [other])).toBeUndefined();
  });

  test('is all of them where its whole state is old', () => {
    const { deployments } = decide({ differences: differs(null, 0) }, [other]) ?? {};
    expect(deployments?.map(({ deployment }) => deployment)).toEqual(['iris', 'flights']);
  });

  test('begins with nothing while a rollout waits for replicas, and goes on when one begins', () => {
    expect(decide({}, [other], ['iris'], ['iris'])?.deployments).toEqual(iris);
    expect(decide({}, [other], ['iris'])).toBeUndefined();
    expect(decide({}, [other], ['flights'])).toBeDefined();
    expect(decide({ differences: differs(null, 0) }, [other], ['flights'])).toBeUndefined();
  });

  test.each([
    ['it is the only one', []],
    ['the others differ in it too', [{ ...other, differences: differs('iris', 0) }]],
    ['the others have an old state', [{ ...other, differences: differs(null) }]],
    ['the others have not loaded it', [{ ...other, serving: [{ deployment: 'iris', revision: 1 }] }]],
  ])('is nothing where %s', (_, others) => {
    expect(decide({}, others)).toBeUndefined();
  });

  test('is nothing for data planes that cannot be told', () => {
    expect(decide({ portGroup: undefined as unknown as string }, [other])).toBeUndefined();
  });

  test.each([
    ['is of another machine', { portGroup: 'pg2' }],
    ['is at another address', { url: 'http://b' }],
    ['differs in something else', { differences: differs('flights') }],
    ['lacks another deployment', { serving: [{ deployment: 'iris', revision: 2 }] }],
  ])('the port is not left to one that %s', (_, change) => {
    expect(decide({}, [{ ...other, ...change }])).toEqual({ deployments: iris, leavesPort: false });
  });
});
