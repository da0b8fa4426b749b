import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { DataFile } from '#ports/analytics';
import { describeAnalytics } from '#ports/analytics.contract';
import { createAnalyticsDuckdb } from './index.ts';
import { limitConcurrency } from './limit-concurrency.ts';

const flights = fileURLToPath(new URL('../../../../../examples/flight-delays/data/flights', import.meta.url));

describeAnalytics('DuckDB', (temporaryFolder) => createAnalyticsDuckdb({ temporaryFolder }), flights);

describe('DuckDB within its memory', () => {
  it('spills a sort to disk and cleans up after it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'spill-'));
    try {
      const analytics = createAnalyticsDuckdb({ temporaryFolder: join(folder, 'spill'), memoryBytes: 75_000_000 });
      const months = (await readdir(flights)).toSorted();
      const files: DataFile[] = months.map((label) => ({ path: join(flights, label), format: 'parquet', label }));
      const question = {
        tables: { t: files },
        sql: 'select * from t order by tailnum, time_hour, carrier, flight, dest',
      };
      const rows = await analytics.write(question, { path: join(folder, 'x.parquet'), format: 'parquet' });
      expect(rows).toBe(336_776);
      expect(await readdir(folder, { recursive: true })).toEqual(
        expect.not.arrayContaining([expect.stringMatching(/duckdb_temp/)]),
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('says so when even that does not help', async () => {
    const analytics = createAnalyticsDuckdb({ temporaryFolder: join(tmpdir(), 'unused'), memoryBytes: 20_000_000 });
    const asked = analytics.query({ tables: {}, sql: 'select len(list(range)) from range(50000000)' });
    await expect(asked).rejects.toEqual(expect.objectContaining({ code: 'RESOURCE_EXHAUSTED' }));
  });
});

describe('taking turns', () => {
  it('lets no more than so many run at once, in order, also after failures', async () => {
    const takeTurn = limitConcurrency(2);
    const started: number[] = [];
    let running = 0;
    let most = 0;
    const results = await Promise.allSettled(
      [0, 1, 2, 3, 4, 5].map((index) =>
        takeTurn(async () => {
          started.push(index);
          most = Math.max(most, ++running);
          await new Promise((resolve) => setImmediate(resolve));
          running -= 1;
          if (index % 2 === 0) throw new Error(String(index));
          return index;
        }),
      ),
    );
    expect(most).toBe(2);
    expect(started).toEqual([0, 1, 2, 3, 4, 5]);
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(3);
  });
});
