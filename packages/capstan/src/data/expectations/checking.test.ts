import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DomainError } from '#kernel/errors';
import { describeDatabases } from '#database/testing';
import { cause } from '../testing.ts';
import { broken, SUITE, openExpectationsBench, type ExpectationsBench } from './testing.ts';
import { createExpectations, expectationJobs } from './index.ts';

describeDatabases('checks of expectations', (open) => {
  let bench: ExpectationsBench;
  beforeEach(async () => {
    bench = await openExpectationsBench(await open());
  });
  afterEach(() => bench.close());

  describe('checking again', () => {
    it('accepts the same content once its expectations are right', async () => {
      await bench.addMonths(['01']);
      await bench.writeSuite('columns:\n  carrier: {typ: text}\n');
      const bad = await bench.checked();
      expect(broken(bad)).toMatchObject([
        {
          rule: 'expectations',
          observed: expect.stringMatching(
            /^expectations\/flights\.yaml:2:13: columns\.carrier\.typ: unknown key; did you mean 'type'\?/,
          ),
        },
      ]);
      await bench.writeSuite(SUITE);
      const again = await bench.register();
      expect(again).toMatchObject({ id: bad.id, status: 'pending' });
      await bench.checkAll();
      expect((await bench.datasets.get(bad.id)).status).toBe('accepted');
      expect(
        (await bench.events.list({ subject: `dataset-version:${bad.id}`, limit: 9 })).map((event) => event.type),
      ).toEqual([
        'dataset-version.registered',
        'dataset-version.checked',
        'dataset-version.recheck-requested',
        'dataset-version.checked',
      ]);
    });

    it('leaves an accepted version as it is', async () => {
      await bench.addMonths(['01']);
      const good = await bench.checked();
      await bench.writeSuite(SUITE.replace('rows_min: 500', 'rows_min: 5000'));
      await expect(bench.expectations.recheck(good.id, cause)).rejects.toMatchObject({ code: 'CONFLICT' });
      const before = await bench.events.lastSeq();
      expect(await bench.expectations.check({ versionId: good.id, cause, isLastTry: true })).toEqual(good);
      expect(await bench.events.lastSeq()).toBe(before);
    });
  });

  describe('as a job', () => {
    const context = (attempt: number) => ({
      jobId: 'job_1',
      attempt,
      signal: new AbortController().signal,
      cause: { actor: 'job:expectations.check', causationSeq: 1 },
    });

    async function registered(): Promise<{ id: string; eventSeq: number }> {
      await bench.addMonths(['01']);
      const { id } = await bench.register();
      const [fact] = await bench.events.list({ subject: `dataset-version:${id}`, limit: 1 });
      return { id, eventSeq: fact!.seq };
    }

    it('is asked for in the transaction of the registration, and checks that version', async () => {
      const { id, eventSeq } = await registered();
      const waiting = await bench.database.read
        .selectFrom('jobs')
        .selectAll()
        .where('kind', '=', 'expectations.check')
        .execute();
      expect(waiting.map((job) => job.payload)).toContain(JSON.stringify({ eventSeq }));
      const handlers = expectationJobs({ expectations: bench.expectations, events: bench.events });
      await handlers['expectations.check']({ eventSeq }, context(1));
      await handlers['expectations.check']({ eventSeq }, context(2));
      expect((await bench.datasets.get(id)).status).toBe('accepted');
      const facts = await bench.events.list({
        type: 'dataset-version.checked',
        subject: `dataset-version:${id}`,
        limit: 9,
      });
      expect(facts).toMatchObject([{ actor: 'job:expectations.check', causationSeq: 1 }]);
    });

    it('tries again after a failure that may pass, and ends in quarantine when none is left', async () => {
      const { id, eventSeq } = await registered();
      const full = () => Promise.reject(new DomainError('RESOURCE_EXHAUSTED', 'no memory'));
      const datasets = { ...bench.datasets, scan: full };
      const expectations = createExpectations({ ...bench, datasets });
      const handlers = expectationJobs({ expectations, events: bench.events });
      await expect(handlers['expectations.check']({ eventSeq }, context(1))).rejects.toMatchObject({
        code: 'RESOURCE_EXHAUSTED',
      });
      expect((await bench.datasets.get(id)).status).toBe('pending');
      await handlers['expectations.check']({ eventSeq }, context(3));
      const version = await bench.datasets.get(id);
      expect(version.status).toBe('quarantined');
      expect(broken(version)).toMatchObject([{ rule: 'checked', observed: 'no memory' }]);
    });

    it('stops without a verdict when the server does', async () => {
      const { id, eventSeq } = await registered();
      const stop = new AbortController();
      stop.abort(new Error('the server is stopping'));
      const handlers = expectationJobs({ expectations: bench.expectations, events: bench.events });
      await expect(
        handlers['expectations.check']({ eventSeq }, { ...context(3), signal: stop.signal }),
      ).rejects.toThrow('the server is stopping');
      expect((await bench.datasets.get(id)).status).toBe('pending');
    });
  });
});
