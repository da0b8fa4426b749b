// An unmodified mlflow whose every answer is lost once: it, or its user, sends each call again, and each has one effect.
// mlflow_retries_session.py acts as users do, this says what must be there afterwards.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startLossyProxy, type LossyProxy } from '../support/lossy-proxy.ts';
import { emptyFolder } from '../support/server.ts';
import { describeSession, type Surroundings } from './sessions.ts';

async function losingAnswers(): Promise<Surroundings & { readonly proxy: LossyProxy }> {
  const proxy = await startLossyProxy();
  const directUrl = join(emptyFolder(), 'url');
  return {
    proxy,
    flags: ['--no-serving'],
    args: [directUrl],
    // The client doubles its waits from two seconds on, which shows nothing but patience.
    env: {
      MLFLOW_TRACKING_URI: proxy.url,
      MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR: '0',
      MLFLOW_HTTP_REQUEST_BACKOFF_JITTER: '0',
    },
    ready({ url }) {
      writeFileSync(directUrl, url);
      proxy.forwardTo(url);
    },
    close: proxy.close,
  };
}

describeSession(
  'mlflow_retries_session.py',
  ({ sawIn, surroundings }) => {
    test('points, params, tags, inputs and the end of a run', () => {
      expect(sawIn('logging')).toEqual({
        loss: [
          ['0.5', 0],
          ['nan', 1],
          ['nan', 2],
          ['1.7976931348623157e+308', 3],
          ['0.5', 4],
        ],
        again: [['nan', 1]],
        batch: [1_000, 334],
        params: { depth: '3', rate: '0.1' },
        tags: { stage: 'try', team: 'ops' },
        inputs: [['rows', ['training']]],
        status: 'FINISHED',
      });
    });

    test('files: the last one that was sent', () => {
      expect(sawIn('files')).toEqual({ listed: [['notes/note.txt', 6]], text: 'second' });
    });

    test('models: alias, tag, stage and description', () => {
      expect(sawIn('registry')).toEqual({
        aliases: { champion: '1' },
        description: 'what it is',
        version: ['Staging', { checked: 'yes' }, ['champion']],
        versions: 1,
      });
    });

    test('an end, a deletion and a restoration', () => {
      expect(sawIn('ends')).toEqual({ ended: ['FAILED', 1_700_000_000_000], deleted: 'deleted', restored: 'active' });
    });

    test('the answer to each kind of call was lost', () => {
      const calls = ['runs/log-metric', 'runs/log-batch', 'runs/log-inputs', 'runs/update', 'runs/delete'];
      const lost = surroundings().proxy.lost.join('\n');
      for (const call of calls) expect(lost).toContain(`POST /api/2.0/mlflow/${call}`);
      expect(lost).toMatch(/PUT .*note\.txt/);
      expect(lost).toContain('registered-models/alias');
    });
  },
  losingAnswers,
);
