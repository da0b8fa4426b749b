import { z } from 'zod';
import { durationText } from './duration.ts';
import { slug } from './shapes.ts';

/** Families of column types, whatever file they come from. `number` takes whole numbers too. */
export const columnType = z.enum(['integer', 'number', 'text', 'boolean', 'date', 'timestamp', 'time', 'other']);
export type ColumnType = z.infer<typeof columnType>;

/** `error` puts a dataset version that breaks it into quarantine; `warn` only says so. */
export const severity = z.enum(['error', 'warn']);
export type Severity = z.infer<typeof severity>;

/**
 * What happens to a version where rows break a rule: refused as a whole, or split, so that these rows are kept beside it
 * and the others become the version.
 */
export const onFailure = z.enum(['quarantine_version', 'quarantine_rows']);
export type OnFailure = z.infer<typeof onFailure>;

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

/** One word for all rules of a block, or a word for each: `{range: quarantine_rows}`. */
const onFailureOf = z
  .union([onFailure, z.record(z.string(), onFailure)], {
    error: 'write quarantine_rows, quarantine_version, or one of them for each rule: {range: quarantine_rows}',
  })
  .optional()
  .meta({
    description:
      'quarantine_rows: rows that break a rule are put aside and the others accepted; quarantine_version refuses all',
  });

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
  violations_max: share.optional().meta({
    description:
      'Greatest share of rows that may break range, domain, pattern or references: none, where they are not quarantined',
  }),
  on_failure: onFailureOf,
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
  on_failure: onFailureOf,
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
  violations_max: share.optional().meta({
    description: 'Greatest share of rows that may break it: none, where they are not quarantined',
  }),
  on_failure: onFailure.optional().meta({ description: 'quarantine_rows: rows that break it are put aside' }),
  severity: severity.default('error'),
});

const quarantineLimits = z.strictObject({
  share_max: share.default(0.1).meta({ description: 'Greatest share of rows that are put aside, over all rules' }),
  rows_max: z.int().min(0).optional().meta({ description: 'Most rows that are put aside, over all rules' }),
});

type Refuse = (path: PropertyKey[], message: string) => void;

interface Marked {
  readonly on_failure?: OnFailure | Record<string, OnFailure> | undefined;
  readonly severity: Severity;
}

/** Rules that a row keeps or breaks by itself, by block. */
const ROW_RULES = {
  columns: ['missing_max', 'range', 'domain', 'pattern', 'unique', 'references'],
  table: ['unique', 'key', 'event_time'],
} as const;

/** Rules about all rows together, by block. A column's `type` is not among them: one word for a block leaves it as it is. */
const WHOLE_RULES = {
  columns: ['mean', 'distinct', 'distribution'],
  table: ['rows_min', 'rows_max', 'rows_change_max', 'freshness'],
} as const;

/** Refuses marks on rules that no row breaks by itself. */
function refuseOddMarks(block: 'columns' | 'table', asked: Marked & Record<string, unknown>, refuse: Refuse): void {
  const { on_failure: mark, severity: weight } = asked;
  const rowRules: readonly string[] = ROW_RULES[block];
  const choice = `leave it out here, or mark one of ${rowRules.join(', ')}`;
  const isMarked =
    typeof mark === 'object' ? Object.values(mark).includes('quarantine_rows') : mark === 'quarantine_rows';
  if (isMarked && weight === 'warn')
    refuse(['on_failure'], 'rules that only warn put no row aside: leave out severity: warn, or on_failure');
  if (typeof mark === 'object') {
    for (const rule of Object.keys(mark)) {
      if (!rowRules.includes(rule)) refuse(['on_failure', rule], `${rule} is not broken by single rows: ${choice}`);
    }
  } else if (mark === 'quarantine_rows') {
    const whole = WHOLE_RULES[block].filter((rule) => asked[rule] !== undefined);
    const some = rowRules.find((rule) => asked[rule] !== undefined) ?? rowRules[0];
    for (const rule of whole) {
      const fix = `name the rules whose rows are put aside, e.g. on_failure: {${some}: quarantine_rows}`;
      refuse([rule], `${rule} is about all rows together, and no row breaks it: ${fix}`);
    }
  }
  const missing = typeof mark === 'object' ? mark['missing_max'] : mark;
  if (missing === 'quarantine_rows' && typeof asked['missing_max'] === 'number' && asked['missing_max'] > 0)
    refuse(
      ['missing_max'],
      'missing_max above 0 is a share of all rows: to put rows without a value aside write missing_max: 0, with violations_max as the limit',
    );
}

function refusal(context: { addIssue(issue: { code: 'custom'; path: PropertyKey[]; message: string }): void }): Refuse {
  return (path, message) => context.addIssue({ code: 'custom', path, message });
}

/** What an expectations file may hold. A column named here must be there. Null and NaN (in CSV: nothing) are missing values. */
export const expectationSuite = z.strictObject({
  table: tableExpectation
    .superRefine((asked, context) => refuseOddMarks('table', asked, refusal(context)))
    .prefault({}),
  columns: z
    .record(
      columnName,
      columnExpectation.superRefine((asked, context) => refuseOddMarks('columns', asked, refusal(context))),
    )
    .default({}),
  /** Above these limits a version is refused as a whole. */
  quarantine: quarantineLimits.prefault({}),
  checks: z
    .array(
      rowCheck.superRefine(({ on_failure: mark, severity: weight }, context) => {
        if (mark === 'quarantine_rows' && weight === 'warn')
          refusal(context)(
            ['on_failure'],
            'a check that only warns puts no row aside: leave out severity: warn, or on_failure',
          );
      }),
    )
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
