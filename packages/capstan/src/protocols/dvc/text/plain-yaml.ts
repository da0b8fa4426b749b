// The part of YAML that programs write and most people keep to, without a parser for all of it: that takes tens of
// milliseconds to start with, more than everything else of a command that finds nothing to do. Pure.
import type { ParamKey, ParamValue } from '#kernel/pipeline-definition';
import { DateScalar, floatText, scalarOf } from './yaml-scalars.ts';

/** Far below what the whole reader allows: it refuses, with the place. */
const MAX_DEPTH = 32;
const MAX_LINES = 200_000;

/** Blanks, a dash for an item of a list, a key, and what follows. */
const LINE = /^( *)(- +(?=[^ ]))?(?:([A-Za-z_][\w./@-]{0,200}):(?: +|$))?(.*)$/;
const OUTSIDE = /[^\n -~]/;
/** No sign of YAML's own in front, and none of those that end a text inside it. */
const PLAIN = /^(?:[A-Za-z0-9_./~=+]|-(?=[A-Za-z0-9_./]))(?:[^ :]| +(?=[^ #])|:(?=[^ ]))*$/;
const SINGLE_QUOTED = /^'((?:[^']|'')*)'$/;
const DOUBLE_QUOTED = /^"([^"\\]*)"$/;
const FLOW_LIST = /^\[ *(?:[A-Za-z0-9_./][\w./@+-]*(?: *, *[A-Za-z0-9_./][\w./@+-]*)*)? *\]$/;

interface Line {
  /** Column of the dash, or of the key. */
  indent: number;
  isItem: boolean;
  /** Column of what stands behind the dash. */
  readonly column: number;
  readonly key: string | undefined;
  readonly rest: string;
}

/** Thrown inside of this file alone. */
class NotPlain extends Error {}

/**
 * Reads maps and lists in lines, with scalars in one line and flat lists in brackets.
 * @returns undefined for anything else, and for whatever is wrong: the whole reader decides
 */
export function readPlainYaml(text: string): ParamValue | undefined {
  if (OUTSIDE.test(text)) return undefined;
  try {
    const lines = linesOf(text);
    if (lines.length === 0) return new Map();
    const reader = new Reader(lines);
    return reader.whole();
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}

function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  for (const written of text.split('\n')) {
    const [, blanks, dash, key, rest] = LINE.exec(written) ?? [];
    if (blanks === undefined || rest === undefined) throw new NotPlain();
    const isEmpty = dash === undefined && key === undefined && (rest === '' || rest.startsWith('#'));
    if (isEmpty) continue;
    const indent = blanks.length;
    lines.push({ indent, isItem: dash !== undefined, column: indent + (dash?.length ?? 0), key, rest });
    if (lines.length > MAX_LINES) throw new NotPlain();
  }
  return lines;
}

class Reader {
  readonly #lines: readonly Line[];
  #at = 0;

  constructor(lines: readonly Line[]) {
    this.#lines = lines;
  }

  whole(): ParamValue {
    const value = this.#block(0, 0);
    if (this.#at < this.#lines.length) throw new NotPlain();
    return value;
  }

  #block(indent: number, depth: number): ParamValue {
    const line = this.#lines[this.#at];
    if (depth > MAX_DEPTH || line?.indent !== indent) throw new NotPlain();
    return line.isItem ? this.#list(indent, depth) : this.#map(indent, depth);
  }

  #list(indent: number, depth: number): ParamValue[] {
    const items: ParamValue[] = [];
    for (let line = this.#lines[this.#at]; line?.isItem && line.indent === indent; line = this.#lines[this.#at]) {
      if (line.key === undefined) {
        items.push(valueOf(line.rest));
        this.#at++;
        this.#refuseDeeper(indent);
        continue;
      }
      // A map that begins behind the dash goes on in the column of its first key.
      line.isItem = false;
      line.indent = line.column;
      items.push(this.#block(line.column, depth + 1));
    }
    return items;
  }

  #map(indent: number, depth: number): ReadonlyMap<ParamKey, ParamValue> {
    const map = new Map<ParamKey, ParamValue>();
    for (let line = this.#lines[this.#at]; line && line.indent === indent; line = this.#lines[this.#at]) {
      // A dash here may belong to a list around the map, or be a mistake.
      if (line.isItem) break;
      const key = line.key === undefined ? null : scalarOf(line.key);
      if (typeof key !== 'string' || map.has(key)) throw new NotPlain();
      this.#at++;
      map.set(key, line.rest === '' || line.rest.startsWith('#') ? this.#nested(indent, depth) : valueOf(line.rest));
      this.#refuseDeeper(indent);
    }
    return map;
  }

  /** What stands below a key: lines further to the right, or a list whose dashes stand below it. */
  #nested(indent: number, depth: number): ParamValue {
    const next = this.#lines[this.#at];
    if (next && (next.indent > indent || (next.indent === indent && next.isItem)))
      return this.#block(next.indent, depth + 1);
    return null;
  }

  #refuseDeeper(indent: number): void {
    const next = this.#lines[this.#at];
    if (next && next.indent > indent) throw new NotPlain();
  }
}

function valueOf(written: string): ParamValue {
  const quoted = SINGLE_QUOTED.exec(written)?.[1];
  if (quoted !== undefined) return quoted.replaceAll("''", "'");
  const double = DOUBLE_QUOTED.exec(written)?.[1];
  if (double !== undefined) return double;
  const comment = written.indexOf(' #');
  const text = comment < 0 ? written : written.slice(0, comment).trimEnd();
  if (FLOW_LIST.test(text)) {
    const inside = text.slice(1, -1).trim();
    return inside === '' ? [] : inside.split(/ *, */).map(plainOf);
  }
  if (!PLAIN.test(text)) throw new NotPlain();
  return plainOf(text);
}

function plainOf(text: string): ParamValue {
  const value = scalarOf(text);
  if (value instanceof DateScalar) throw new NotPlain();
  return value;
}

/** What the whole writer would quote, or write over several lines. */
const WRITTEN_OTHERWISE = /^[ ,[\]{}#&*!|>'"%@`]|^[?-]$|^[?-] |: | #|[ :]$|^(?:---|\.\.\.)|[^ -~]|^$/;
const LONGEST_KEY = 200;

/**
 * Writes maps and lists of what needs no quotes, in the same bytes as the whole writer.
 * @returns undefined for any other value
 */
export function writePlainYaml(value: ParamValue): string | undefined {
  if (!(value instanceof Map) || value.size === 0) return undefined;
  try {
    return mapText(value as ReadonlyMap<ParamKey, ParamValue>, '', 0);
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}

function mapText(map: ReadonlyMap<ParamKey, ParamValue>, indent: string, depth: number): string {
  if (map.size === 0 || depth > MAX_DEPTH) throw new NotPlain();
  let text = '';
  for (const [key, value] of map) {
    if (typeof key !== 'string' || key.length > LONGEST_KEY) throw new NotPlain();
    const name = `${text === '' ? '' : indent}${scalarText(key)}:`;
    if (value instanceof Map) {
      const below = `${indent}  `;
      text += `${name}\n${below}${mapText(value as ReadonlyMap<ParamKey, ParamValue>, below, depth + 1)}`;
    } else if (Array.isArray(value)) text += `${name}\n${listText(value as readonly ParamValue[], indent, depth + 1)}`;
    else text += `${name} ${scalarText(value as ParamKey)}\n`;
  }
  return text;
}

function listText(list: readonly ParamValue[], indent: string, depth: number): string {
  if (list.length === 0) throw new NotPlain();
  return list
    .map((item) => {
      if (Array.isArray(item)) throw new NotPlain();
      if (!(item instanceof Map)) return `${indent}- ${scalarText(item as ParamKey)}\n`;
      return `${indent}- ${mapText(item as ReadonlyMap<ParamKey, ParamValue>, `${indent}  `, depth + 1)}`;
    })
    .join('');
}

function scalarText(value: ParamKey): string {
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return floatText(value);
  if (value === null || WRITTEN_OTHERWISE.test(value) || scalarOf(value) !== value || value === '=')
    throw new NotPlain();
  return value;
}
