import fc from 'fast-check';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { arrayText } from './array-text.ts';
import type { ColumnValue, InsertColumn } from './dialect.ts';

let client: Client;
beforeAll(async () => {
  client = new Client({ connectionString: inject('postgresUrl') });
  await client.connect();
});
afterAll(() => client.end());

async function read(type: InsertColumn['type'], sqlType: string, values: readonly ColumnValue[]): Promise<unknown[]> {
  const rows = values.map((value) => [value]);
  const text = `select value from unnest($1::${sqlType}[]) with ordinality as given (value, place) order by place`;
  const result = await client.query<{ value: unknown }>(text, [arrayText(type, rows, 0)]);
  return result.rows.map(({ value }) => value);
}

test('texts of any signs come back as they are', async () => {
  const signs = fc.constantFrom(...'"\\,{} \n\tNULLnull;\'äß🙂a1'.split(''), '🙂', '""', '\\\\');
  const text = fc.array(signs, { maxLength: 6 }).map((parts) => parts.join('').toWellFormed());
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(text), { maxLength: 8 }), async (values) => {
      expect(await read('text', 'text', values)).toEqual(values);
    }),
    { numRuns: 200 },
  );
});

test('numbers and bytes come back exactly', async () => {
  const integers = [0, -1, null, Number.MAX_SAFE_INTEGER, 2n ** 63n - 1n, -(2n ** 63n)];
  expect(await read('integer', 'bigint', integers)).toEqual(
    integers.map((value) => value && String(value)).with(0, '0'),
  );
  const doubles = fc.double({ noNaN: true }).filter((value) => !Object.is(value, -0));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(doubles), { maxLength: 8 }), async (values) => {
      expect(await read('double', 'double precision', values)).toEqual(values);
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 4 }), async (values) => {
      const found = (await read('bytes', 'bytea', values)) as Uint8Array[];
      expect(found.map((bytes) => [...bytes])).toEqual(values.map((bytes) => [...bytes]));
    }),
  );
});
