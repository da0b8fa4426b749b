import type { DatasetColumn } from '@capstan/api';
import type { AskData } from '#data/datasets';
import { quoteName, quoteText } from '#ports/analytics';

/** What all values of a text column have in common. */
export interface TextFacts {
  /** All of them, in order, where they are few and short. */
  readonly values?: readonly string[];
  /** A regular expression that each of them matches as a whole. */
  readonly pattern?: string;
  readonly example: string;
}

const MAX_VALUES = 25;
const MAX_VALUE_CHARACTERS = 100;
/** Narrow ones first: the first that all values match is taken. */
const CLASSES = ['[0-9]', '[A-Z]', '[a-z]', '[A-Za-z]', '[A-Z0-9]', '[a-z0-9]', '[A-Za-z0-9]', '[A-Za-z0-9_.:/@+-]'];
/** Longer texts are prose, which has no shape. */
const MAX_LENGTH = 64;
const COLUMNS_PER_SCAN = 50;

/** Reads the text columns once for their shape, and again those that hold few values. */
export async function textFacts(ask: AskData, columns: readonly DatasetColumn[]): Promise<Map<string, TextFacts>> {
  const found = new Map<string, TextFacts>();
  for (let start = 0; start < columns.length; start += COLUMNS_PER_SCAN) {
    const portion = columns.slice(start, start + COLUMNS_PER_SCAN);
    const [row = {}] = await ask(`select ${portion.map(shapeOf).join(',\n')} from data`);
    for (const [index, column] of portion.entries()) {
      const shape = row[`c${index}`] as unknown as Shape;
      if (shape.present === 0) continue;
      const values = shape.distinct_values <= MAX_VALUES && shape.longest <= MAX_VALUE_CHARACTERS;
      const pattern = patternOf(shape);
      found.set(column.name, {
        example: shape.example ?? '',
        ...(values && { values: await valuesOf(ask, column) }),
        ...(pattern !== undefined && { pattern }),
      });
    }
  }
  return found;
}

interface Shape {
  readonly present: number;
  readonly distinct_values: number;
  readonly shortest: number;
  readonly longest: number;
  readonly example: string | null;
  /** Of `CLASSES`: whether all values are made of them. */
  readonly classes: readonly boolean[];
}

function shapeOf({ name }: DatasetColumn, index: number): string {
  const text = `cast(${quoteName(name)} as varchar)`;
  const classes = CLASSES.map(
    (each) => `coalesce(bool_and(regexp_full_match(${text}, ${quoteText(`${each}+`)})), false)`,
  );
  return `{present: count(${text}), distinct_values: approx_count_distinct(${text}), shortest: min(length(${text})),
    longest: max(length(${text})), example: left(min(${text}), 40), classes: [${classes.join(', ')}]} as c${index}`;
}

function patternOf({ shortest, longest, classes }: Shape): string | undefined {
  const index = classes.indexOf(true);
  if (index < 0 || longest > MAX_LENGTH) return undefined;
  const room = Math.max(1, Math.ceil(longest / 4));
  // Codes have one length; of others the next may be a little shorter or longer.
  const lengths = shortest === longest ? `{${shortest}}` : `{${Math.max(1, shortest - room)},${longest + room}}`;
  return `${CLASSES[index] ?? ''}${lengths}`;
}

async function valuesOf(ask: AskData, { name }: DatasetColumn): Promise<string[]> {
  const text = `cast(${quoteName(name)} as varchar)`;
  const rows = await ask(`select distinct ${text} as value from data where ${text} is not null order by value`);
  return rows.map((row) => row['value'] as string);
}
