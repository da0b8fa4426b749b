import { Scalar, type ScalarTag } from 'yaml';
import { stringifyString } from 'yaml/util';
import type { ParamKey } from '#kernel/pipeline-definition';
import { pythonFloat } from './python-text.ts';

// Plain scalars as ruamel.yaml, DVC's reader, resolves them for YAML 1.2: more numbers than the core schema has.
// Seen with ruamel.yaml 0.19.1.
const WHOLE_NUMBER =
  /^(?:[-+]?0b[01_]*[01][01_]*|[-+]?0o[0-7_]*[0-7][0-7_]*|[-+]?[0-9][0-9_]*|[-+]?0x[0-9a-fA-F_]*[0-9a-fA-F][0-9a-fA-F_]*)$/;
const FLOAT =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+|[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const DATE =
  /^[0-9]{4}-[0-9]{2}-[0-9]{2}$|^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?$/;

/** A date in the text: DVC's templating fails on one, so it is refused where it stands. */
export class DateScalar {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const wholeNumber: ScalarTag = {
  default: true,
  tag: 'tag:yaml.org,2002:int',
  test: WHOLE_NUMBER,
  identify: (value) => typeof value === 'bigint',
  resolve: (text) => wholeNumberOf(text),
  stringify: ({ value }) => String(value),
};

function wholeNumberOf(text: string): bigint {
  const digits = text.replaceAll('_', '').replace(/^[-+]/, '');
  // BigInt knows 0b, 0o and 0x; without a prefix leading zeros mean nothing.
  const magnitude = BigInt(digits);
  return text.startsWith('-') ? -magnitude : magnitude;
}

const float: ScalarTag = {
  default: true,
  tag: 'tag:yaml.org,2002:float',
  test: FLOAT,
  identify: (value) => typeof value === 'number',
  resolve: floatOf,
  stringify: ({ value }) => floatText(Number(value)),
};

function floatOf(text: string): number {
  const plain = text.replaceAll('_', '').toLowerCase();
  if (plain.endsWith('.nan')) return Number.NaN;
  if (plain.endsWith('.inf')) return plain.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(plain);
}

/** As DVC writes it: never as a whole number. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf';
  return pythonFloat(value);
}

const date: ScalarTag = {
  default: true,
  tag: 'tag:yaml.org,2002:timestamp',
  test: DATE,
  identify: (value) => value instanceof DateScalar,
  resolve: (text) => new DateScalar(text),
  stringify: ({ value }) => (value instanceof DateScalar ? value.text : String(value)),
};

const bool: ScalarTag = {
  default: true,
  tag: 'tag:yaml.org,2002:bool',
  test: /^(?:true|True|TRUE|false|False|FALSE)$/,
  identify: (value) => typeof value === 'boolean',
  resolve: (text) => text.toLowerCase() === 'true',
  stringify: ({ value }) => String(value),
};

const nothing: ScalarTag = {
  default: true,
  tag: 'tag:yaml.org,2002:null',
  test: /^(?:~|null|Null|NULL)?$/,
  identify: (value) => value === null || value === undefined,
  createNode: () => new Scalar(null),
  resolve: () => new Scalar(null),
  stringify: (_item, ctx) => ctx.options.nullStr,
};

/** A lone `=` has a meaning of its own for DVC's reader; the tag is here so that the writer quotes it. */
const valueKey: ScalarTag = {
  default: true,
  tag: 'tag:yaml.org,2002:value',
  test: /^=$/,
  identify: () => false,
  resolve: (text) => text,
};

/** DVC’s reader refuses these unescaped, or reads them as line ends; a text is written in one line. */
const MUST_ESCAPE = /[\u0000-\u001f\u007f-\u00a0\u2028\u2029\ufeff]/;
const MUST_ESCAPE_IN_JSON = /[\u007f-\u00a0\u2028\u2029\ufeff]/g;

const text: ScalarTag = {
  default: true,
  tag: 'tag:yaml.org,2002:str',
  identify: (value) => typeof value === 'string',
  resolve: (source) => source,
  stringify(item, ctx, onComment, onChompKeep) {
    if (typeof item.value !== 'string' || !MUST_ESCAPE.test(item.value)) {
      // `actualString` is what the library's own string tag sets: quote what would read as something else.
      return stringifyString(item as never, { ...ctx, actualString: true } as typeof ctx, onComment, onChompKeep);
    }
    // A JSON string is a double-quoted YAML scalar.
    return JSON.stringify(item.value).replaceAll(
      MUST_ESCAPE_IN_JSON,
      (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
  },
};

/** The tags to read and write with, floats before whole numbers as in DVC's reader. */
export const scalarTags: readonly ScalarTag[] = [nothing, bool, float, wholeNumber, date, valueKey, text];

/** Most words of pipelines: nothing but text can begin and go on so. */
const PLAIN_WORD = /^(?!(?:true|false|null)$)[A-Za-z_/][\w ./-]*$/i;

/** What plain text (not quoted, without white space around it) stands for. */
export function scalarOf(source: string): ParamKey | DateScalar {
  if (PLAIN_WORD.test(source)) return source;
  const tag = scalarTags.find(({ test }) => test?.test(source) === true);
  if (tag === undefined || tag === valueKey) return source;
  return tag === nothing ? null : (tag.resolve(source, () => {}, {}) as Exclude<ParamKey, null> | DateScalar);
}
