import { z } from 'zod';
import { durationText } from './duration.ts';
import { slug } from './shapes.ts';

/** Families of column types, whatever file they come from. `number` takes whole numbers too. */
export const columnType = z.enum(['integer', 'number', 'text', 'boolean', 'date', 'timestamp', 'time', 'other']);
export type ColumnType = z.infer<typeof columnType>;

/** `error` puts a dataset version that breaks it into quarantine; `warn` only says so. */
export const severity = z.enum(['error', 'warn']);
export type Severity = z.infer<typeof severity>;

const share = z.number().min(0).max(1);
const columnName = z.string().min(1).max(256);
const scalar = z.union([z.string().max(1_000), z.number(), z.boolean()], {
  error: 'write a text, a number, true or false',
});

/** `[low, high]`, both included; null leaves an end open. */
const range = z
  .tuple([z.number().nullable(), z.number().nullable()], { error: 'write [LOW, HIGH]; null leaves an end open' })
  .refine(
    ([low, high]) => low === null || high === null || low <= high,
    'the first number must not be above the second',
  )
  .refine(([low, high]) => low !== null || high !== null, 'give at least one end');

const columnExpectation = z.strictObject({
  type: columnType.exclude(['other']).optional(),
  missing_max: share.optional().meta({ description: 'Greatest share of rows without a value: 0 asks for all' }),
  range: range.optional().meta({ description: '[LOW, HIGH] of every value, both included' }),
  mean: range.optional().meta({ description: '[LOW, HIGH] of the mean: tells a changed unit that stays in range' }),
  domain: z.array(scalar).min(1).max(10_000).optional().meta({ description: 'The only values allowed' }),
  pattern: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .meta({ description: 'Regular expression (RE2) that the whole text must match' }),
  distinct: range
    .optional()
    .meta({ description: '[LOW, HIGH] of the number of different values: tells a stuck column' }),
  unique: z.literal(true).optional().meta({ description: 'No value twice' }),
  references: z
    .strictObject({ dataset: slug, column: columnName })
    .optional()
    .meta({ description: 'Every value occurs in that column of the latest accepted version of that dataset' }),
  distribution: z
    .strictObject({
      against: z
        .union([z.literal('accepted'), z.int().min(1)], { error: 'write accepted, or the number of a version' })
        .default('accepted')
        .meta({ description: 'The version to compare with: its number, or the latest accepted one before this' }),
      distance_max: share.default(0.1).meta({ description: 'Greatest Jensen-Shannon distance (base 2), 0 to 1' }),
    })
    .optional()
    .meta({ description: 'Spread as in a reference version' }),
  violations_max: share
    .default(0)
    .meta({ description: 'Greatest share of rows that may break range, domain, pattern or references' }),
  severity: severity.default('error'),
});

const tableExpectation = z.strictObject({
  rows_min: z.int().min(0).optional(),
  rows_max: z.int().min(0).optional(),
  rows_change_max: z
    .number()
    .min(0)
    .max(1_000)
    .optional()
    .meta({ description: 'Greatest change of the number of rows, as a share of the latest accepted version’s' }),
  unique: z.array(columnName).min(1).max(20).optional().meta({ description: 'Columns that together occur once' }),
  freshness: durationText.optional().meta({ description: 'Greatest age of the newest event time, e.g. 40d' }),
  severity: severity.default('error'),
});

const rowCheck = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'use lower-case letters, digits, _ and -, at most 64')
    .meta({ description: 'What reports call it' }),
  sql: z.string().min(1).max(4_000).meta({
    description: 'DuckDB expression over the columns of a row; a row breaks it where it is false, as CHECK in SQL',
  }),
  violations_max: share.default(0).meta({ description: 'Greatest share of rows that may break it' }),
  severity: severity.default('error'),
});

/** What an expectations file may hold. A column named here must be there. Null and NaN (in CSV: nothing) are missing values. */
export const expectationSuite = z.strictObject({
  table: tableExpectation.prefault({}),
  columns: z.record(columnName, columnExpectation).default({}),
  checks: z
    .array(rowCheck)
    .max(500)
    .default([])
    .refine((checks) => new Set(checks.map(({ name }) => name)).size === checks.length, 'two checks have the same name')
    .meta({ description: 'Statements across the columns of a row' }),
});

export type ExpectationSuite = z.output<typeof expectationSuite>;
export type RowCheck = z.output<typeof rowCheck>;
export type ColumnExpectation = z.output<typeof columnExpectation>;

/** JSON Schema of an expectations file, for editors. */
export function expectationSuiteJsonSchema(): object {
  return {
    ...z.toJSONSchema(expectationSuite, { io: 'input' }),
    title: 'Expectations',
    $id: '/schemas/expectations.json',
  };
}
