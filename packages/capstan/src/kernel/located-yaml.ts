import { LineCounter, isMap, isNode, isScalar, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { invalid, type DomainError } from './errors.ts';
import { nearest } from './nearest.ts';
import { findCostlyText, findUnsafeNode, offsetOf, placeAt, type YamlFault } from './yaml-limits.ts';

type Path = readonly PropertyKey[];

/** A YAML file that fits its schema. */
export interface LocatedYaml<Schema extends z.ZodType> {
  readonly value: z.output<Schema>;
  /** The plain values as they were written, before defaults and conversions. */
  readonly written: unknown;
  /** An error about the value at `path`, as `fileName:line:column: path: message`, for checks that a schema cannot do. */
  fault(path: Path, message: string, hint?: string): DomainError;
}

interface Issue {
  readonly path: Path;
  /** The key at fault inside `path`, when it is a key and not its value. */
  readonly key?: string;
  readonly message: string;
}

/**
 * Keys an object takes, by the list of unknown ones in the issue about it. The schema is at hand only while zod asks for
 * the message; the list is what the finished issue still shares with that moment.
 */
type KnownKeys = Map<readonly string[], readonly string[]>;

const MAX_ISSUES_SHOWN = 10;

/**
 * Reads YAML 1.2 (core schema) by a zod schema.
 * @throws DomainError INVALID_ARGUMENT that names `fileName:line:column`, what was expected there and, for an unknown
 *   key, the nearest known one; all faults are in `details.issues`
 */
export function parseLocatedYaml<Schema extends z.ZodType>(
  fileName: string,
  text: string,
  schema: Schema,
): LocatedYaml<Schema> {
  const costly = findCostlyText(text);
  if (costly) throw invalid(`${fileName}: ${costly.message}`, { field: fileName });
  const lines = new LineCounter();
  // Keys given twice are found by findUnsafeNode: the parser's own check takes minutes for a large file.
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
  });
  const fault = syntaxFault(document) ?? findUnsafeNode(document);
  if (fault) throw at(`${fileName}:${placeAt(lines, fault.offset)}`, fault.message);
  const written = plainValues(fileName, document);

  const place = (path: Path, key?: string) => `${fileName}:${placeAt(lines, offsetAt(document, path, key))}`;
  const known: KnownKeys = new Map();
  const parsed = schema.safeParse(written, { error: (issue) => describeIssue(issue, known) });
  if (!parsed.success)
    throw refusal(
      parsed.error.issues.flatMap((issue) => flatten(issue, known)),
      place,
    );
  return {
    value: parsed.data,
    written,
    fault: (path, message, hint) => at(place(path), `${pathText(path)}: ${message}`, hint),
  };
}

function at(where: string, message: string, hint?: string): DomainError {
  return invalid(`${where}: ${message}`, { field: where, ...(hint !== undefined && { hint }) });
}

function syntaxFault(document: Document.Parsed): YamlFault | undefined {
  const error = document.errors[0] ?? document.warnings[0];
  return error && { offset: error.pos[0], message: error.message };
}

function plainValues(fileName: string, document: Document.Parsed): unknown {
  try {
    const values = document.toJS({ maxAliasCount: 100 }) as unknown;
    // Throws where an alias stands inside what it refers to: such a value has no end.
    JSON.stringify(values);
    return values;
  } catch (cause) {
    throw invalid(`${fileName}: aliases make the document too large, or lead nowhere`, { field: fileName, cause });
  }
}

function refusal(issues: readonly Issue[], place: (path: Path, key?: string) => string): DomainError {
  const faults = issues.map(({ path, key, message }) => {
    const name = pathText(key === undefined ? path : [...path, key]);
    return { place: place(path, key), path: name, message: `${name}: ${message}` };
  });
  const shown = faults.slice(0, MAX_ISSUES_SHOWN).map((fault) => `${fault.place}: ${fault.message}`);
  if (faults.length > MAX_ISSUES_SHOWN) shown.push(`and ${faults.length - MAX_ISSUES_SHOWN} more`);
  return invalid(shown.join('\n'), { field: faults[0]?.place ?? '', details: { issues: faults } });
}

/** Messages in the reader's words; undefined leaves zod's own. */
function describeIssue(issue: z.core.$ZodRawIssue, known: KnownKeys): string | undefined {
  if (issue.code === 'unrecognized_keys') known.set(issue.keys, keysOf(issue.inst));
  if (issue.code === 'invalid_value') return oneOf(issue.values.map(String), issue.input);
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined) {
    const given = (issue.input as Readonly<Record<string, unknown>>)[issue.discriminator];
    return oneOf(optionsOf(issue), given);
  }
  if (issue.code !== 'invalid_type') return undefined;
  const expected = expectedWords[issue.expected] ?? issue.expected;
  return issue.input === undefined
    ? `missing; expected ${expected}`
    : `expected ${expected}, found ${foundWords(issue.input)}`;
}

function oneOf(options: readonly string[], given: unknown): string {
  const choices = options.length === 1 ? `'${options[0]}'` : `one of ${options.join(', ')}`;
  if (given === undefined) return `missing; expected ${choices}`;
  const suggestion = typeof given === 'string' ? nearest(given, options) : undefined;
  const hint = suggestion === undefined ? '' : `; did you mean '${suggestion}'?`;
  return `expected ${choices}, found ${foundWords(given)}${hint}`;
}

function optionsOf(issue: z.core.$ZodRawIssue): string[] {
  const { options } = issue as { options?: readonly unknown[] };
  return (options ?? []).map(String);
}

const expectedWords: Readonly<Record<string, string>> = {
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys',
  record: 'a map of keys',
};

function foundWords(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map of keys';
  return typeof value === 'string' ? `the text ${JSON.stringify(value)}` : `${value as number | boolean}`;
}

/** One issue for each key and each place, so that each has its own line. */
function flatten(issue: z.core.$ZodIssue, known: KnownKeys): Issue[] {
  if (issue.code === 'unrecognized_keys') {
    const keys = known.get(issue.keys) ?? [];
    return issue.keys.map((key) => ({ path: issue.path, key, message: unknownKey(key, keys) }));
  }
  if (issue.code === 'invalid_key') {
    return [
      {
        path: issue.path.slice(0, -1),
        key: String(issue.path.at(-1)),
        message: issue.issues[0]?.message ?? issue.message,
      },
    ];
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // The alternative that got deepest is the one that was meant.
    const meant = issue.errors.toSorted((a, b) => depthOf(b) - depthOf(a))[0] ?? [];
    if (depthOf(meant) > 0) {
      return meant.flatMap((inner) => flatten({ ...inner, path: [...issue.path, ...inner.path] }, known));
    }
    return [{ path: issue.path, message: issue.message === UNEXPLAINED ? alternatives(issue.errors) : issue.message }];
  }
  return [{ path: issue.path, message: issue.message }];
}

/** What zod says of a union whose author gave it no message. */
const UNEXPLAINED = 'Invalid input';

function alternatives(errors: readonly (readonly z.core.$ZodIssue[])[]): string {
  return [...new Set(errors.map((issues) => issues[0]?.message ?? '').filter(Boolean))].join('; or ');
}

function depthOf(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length + (issue.code === 'unrecognized_keys' ? 1 : 0)));
}

function keysOf(schema: unknown): string[] {
  const { _zod } = (schema ?? {}) as { _zod?: { def?: { shape?: object } } };
  return Object.keys(_zod?.def?.shape ?? {});
}

function unknownKey(key: string, known: readonly string[]): string {
  const suggestion = nearest(key, known);
  if (suggestion !== undefined) return `unknown key; did you mean '${suggestion}'?`;
  return known.length === 0 ? 'unknown key' : `unknown key; known here: ${known.join(', ')}`;
}

/** Where the value at a path starts, or the nearest thing around it when it is not there; with `key`, that key itself. */
function offsetAt(document: Document.Parsed, path: Path, key?: string): number {
  for (let length = path.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length) as unknown[], true);
    if (!isNode(node)) continue;
    if (length === path.length && key !== undefined && isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
      if (pair) return offsetOf(pair.key);
    }
    return offsetOf(node);
  }
  return 0;
}

function pathText(path: Path): string {
  const text = path.reduce<string>(
    (written, key) => (typeof key === 'number' ? `${written}[${key}]` : `${written}${written && '.'}${String(key)}`),
    '',
  );
  return text || 'the file';
}
