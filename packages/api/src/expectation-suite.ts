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
  unique: z.literal(true).optional().meta({ description: 'No value twice' }),
  references: z
    .strictObject({ dataset: slug, column: columnName })
    .optional()
    .meta({ description: 'Every value occurs in that column of the latest accepted version of that dataset' }),
  violations_max: share
    .default(0)
    .meta({ description: 'Greatest share of rows that may break range, domain, pattern or references' }),
  severity: severity.default('error'),
});

const tableExpectation = z.strictObject({
  rows_min: z.int().min(0).optional(),
  rows_max: z.int().min(0).optional(),
  unique: z.array(columnName).min(1).max(20).optional().meta({ description: 'Columns that together occur once' }),
  freshness: durationText.optional().meta({ description: 'Greatest age of the newest event time, e.g. 40d' }),
  severity: severity.default('error'),
});

/** What an expectations file may hold. A column named here must be there. Null and NaN (in CSV: nothing) are missing values. */
export const expectationSuite = z.strictObject({
  table: tableExpectation.prefault({}),
  columns: z.record(columnName, columnExpectation).default({}),
});

export type ExpectationSuite = z.output<typeof expectationSuite>;
export type ColumnExpectation = z.output<typeof columnExpectation>;

/** JSON Schema of an expectations file, for editors. */
export function expectationSuiteJsonSchema(): object {
  return {
    ...z.toJSONSchema(expectationSuite, { io: 'input' }),
    title: 'Expectations',
    $id: '/schemas/expectations.json',
  };
}
