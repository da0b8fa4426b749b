import fc from 'fast-check';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { parseFilter } from '#kernel/filter/parse-filter';
import { describeDatabases } from '../testing.ts';
import type { Database } from '../database.ts';
import { conditionOf, pageOf, sortedBy, textOperators, type SearchEntity } from './index.ts';

/** Settings by name and value: a table of two texts. */
const entities: readonly SearchEntity[] = [
  {
    names: ['attribute'],
    isDefault: true,
    keys: ['name', 'value'],
    field: (key) => ({
      label: 'attributes',
      type: 'text',
      operators: [...textOperators, 'RLIKE'],
      expression: sql.ref(`s.${key}`),
    }),
  },
];

async function put(database: Database, values: readonly string[]): Promise<void> {
  const rows = values.map((value, index) => ({ name: `test-${String(index).padStart(3, '0')}`, value }));
  await database.write(async (writer) => {
    await writer.insertInto('settings').values(rows).execute();
  });
}

async function find(database: Database, filter: string): Promise<string[]> {
  const { rows } = await pageOf<{ value: string }>(database.read, {
    columns: sql`s.value`,
    from: sql`settings s`,
    conditions: [sql`s.name like 'test-%'`, conditionOf(database.dialect, entities, parseFilter(filter))],
    keys: sortedBy('name', sql`s.name`, true).keys,
    limit: 1_000,
    pageToken: undefined,
    question: '',
  });
  return rows.map((row) => row.value);
}

describeDatabases('regular expressions', (open) => {
  const texts = ['abc', 'ABC', 'aab', 'a.c', 'x1', '', 'a\nc', 'a-b', 'tail abc', 'ääb', '[x]'];

  test('find what they match, alike in both databases', async () => {
    const database = await open();
    await put(database, texts);
    const expected: [string, string[]][] = [
      ['^a', ['abc', 'aab', 'a.c', 'a\nc', 'a-b']],
      ['c$', ['abc', 'a.c', 'a\nc', 'tail abc']],
      ['^a.c$', ['abc', 'a.c']],
      ['^a\\.c$', ['a.c']],
      ['(?i)^abc', ['abc', 'ABC']],
      ['a{2}', ['aab']],
      ['^(?:a|x)[b1]+c?$', ['abc', 'x1']],
      ['\\d', ['x1']],
      ['[^a-z0-9]', ['ABC', 'a.c', 'a\nc', 'a-b', 'tail abc', 'ääb', '[x]']],
      ['^\\[x\\]$', ['[x]']],
      ['^[.]$|\\.c', ['a.c']],
      ['^$', ['']],
      ['[.-]', ['a.c', 'a-b']],
    ];
    for (const [pattern, values] of expected) {
      expect(await find(database, `value RLIKE '${pattern}'`), pattern).toEqual(values);
    }
  });

  test.each([
    ['a**', 'there is nothing to repeat', 15],
    ['(a', 'a bracket is not closed', 15],
    ['(?=a)', 'only (?: is taken', 13],
    ['(a)\\1', 'after \\ comes', 16],
    ['[a', 'the set is not closed', 15],
    ['[z-a]', 'no range', 14],
    ['(a{100}){100}', 'repeats too often', 21],
  ])('%s is refused, saying where', async (pattern, words, position) => {
    const database = await open();
    await expect(find(database, `value RLIKE '${pattern}'`)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(words),
      details: { position },
    });
  });

  test('any that is taken works', async () => {
    const database = await open();
    await put(database, texts);
    const signs = fc.constantFrom(
      ...'a b . ^ $ | ( ) (?: [ ] [^ - * + ? {2} {1,3} {,2} \\d \\W \\. \\- ä } { , 0 Z'.split(' '),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(signs, { maxLength: 8 }), async (parts) => {
        const filter = `value RLIKE '${parts.join('')}'`;
        await find(database, filter).catch((error: unknown) => {
          expect(error, filter).toMatchObject({ code: 'INVALID_ARGUMENT' });
        });
      }),
      { numRuns: 500 },
    );
  });
});

describe('RLIKE', () => {
  test('is refused where a field does not take it', async () => {
    const plain = entities.map((entity) => ({
      ...entity,
      field: (key: string) => {
        const field = entity.field(key);
        return field && { ...field, operators: textOperators };
      },
    }));
    const dialect = {} as Database['dialect'];
    expect(() => conditionOf(dialect, plain, parseFilter("value RLIKE 'a'"))).toThrow("Invalid comparator 'RLIKE'");
  });
});
