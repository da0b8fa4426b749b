import {
  Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Alias,
  type Node,
  type Pair,
  type ToStringOptions,
  type YAMLMap,
} from 'yaml';
import { invalid } from '#kernel/errors';
import { findCostlyText } from '#kernel/yaml-limits';
import type { ParamKey, ParamValue } from '#kernel/pipeline-definition';
import { readPlainYaml, writePlainYaml } from './plain-yaml.ts';
import { DateScalar, scalarTags } from './yaml-scalars.ts';

/** Past it a file is an attack or a mistake. */
const MAX_DEPTH = 64;
/** Nodes reached through aliases are counted each time: a small text can stand for a very large value. */
const MAX_NODES = 1_000_000;
/** No text of so few letters has more tokens than the limit allows. */
const CHEAP_LENGTH = 20_000;

export interface YamlText {
  /** The empty document counts as an empty map. */
  readonly value: ParamValue;
  /** `dvc.yaml:3:5` of the value at a path of keys and indexes, or of the nearest thing around it. */
  placeOf(path: readonly (string | number)[]): string;
  readonly document: Document.Parsed;
}

const options = {
  version: '1.2' as const,
  // Lists, maps and text only: every other scalar is read as DVC reads it.
  schema: 'failsafe' as const,
  customTags: (tags: readonly unknown[]) => [...scalarTags, ...tags] as never,
  merge: true,
  // Looked for while reading the nodes: the parser's own check is quadratic in keys.
  uniqueKeys: false,
  intAsBigInt: true,
};

/**
 * Reads YAML that people write, as DVC's reader does.
 * @throws DomainError INVALID_ARGUMENT naming `file:line:column`
 */
export function readYaml(text: string, file: string): YamlText {
  const costly = text.length > CHEAP_LENGTH ? findCostlyText(text) : undefined;
  if (costly) throw invalid(`${file}: ${costly.message}`, { field: file });
  return readLongYaml(text, file);
}

/**
 * The same for YAML that programs write (a lock file), which may be long.
 * @param dates what to do with dates, which no value can hold: refuse them, or take their text
 */
export function readLongYaml(text: string, file: string, dates: 'refused' | 'as text' = 'refused'): YamlText {
  const value = readPlainYaml(text);
  if (value === undefined) return parseWhole(text, file, dates);
  // Places, and nodes to change, are asked for seldom.
  let whole: YamlText | undefined;
  const parsed = (): YamlText => (whole ??= parseWhole(text, file, dates));
  return {
    value,
    placeOf: (path) => parsed().placeOf(path),
    get document() {
      return parsed().document;
    },
  };
}

function parseWhole(text: string, file: string, dates: 'refused' | 'as text'): YamlText {
  const lines = new LineCounter();
  const document = parseDocument(text, { ...options, lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (error) throw invalid(`${place(error.pos[0])}: ${error.message}`, { field: place(error.pos[0]) });
  const at = (node: unknown) => place(hasRange(node) ? node.range[0] : 0);
  return {
    value: new Reader(document, at, dates === 'as text').read(),
    placeOf: (path) => at(nodeAt(document, path)),
    document,
  };
}

function hasRange(node: unknown): node is { range: [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
}

/** The key of the last step where it is a map's, so that an error points at what was written. */
function nodeAt(document: Document.Parsed, path: readonly (string | number)[]): unknown {
  let node: unknown = document.contents;
  let best: unknown = node;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair: Pair | undefined = node.items.find((item) => isScalar(item.key) && item.key.value === step);
      if (!pair) return best;
      best = pair.key;
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step];
      best = node;
    } else return best;
  }
  return best;
}

/** Turns nodes into values; keeps count, so that aliases cannot make it run for ever. */
class Reader {
  readonly #document: Document.Parsed;
  readonly #at: (node: unknown) => string;
  /** Finding an anchor walks the whole document. */
  readonly #anchors = new Map<Alias, Node>();
  readonly #hasDatesAsText: boolean;
  #nodes = 0;

  constructor(document: Document.Parsed, at: (node: unknown) => string, hasDatesAsText: boolean) {
    this.#document = document;
    this.#at = at;
    this.#hasDatesAsText = hasDatesAsText;
  }

  read(): ParamValue {
    const { contents } = this.#document;
    if (contents === null || (isScalar(contents) && contents.value === null)) return new Map();
    return this.#valueOf(contents, 0);
  }

  #valueOf(node: Node | null | undefined, depth: number): ParamValue {
    if (depth > MAX_DEPTH) throw this.#error(node, `values are nested deeper than ${MAX_DEPTH}`);
    if (++this.#nodes > MAX_NODES) throw this.#error(node, `aliases make more than ${MAX_NODES} values`);
    if (node === null || node === undefined) return null;
    if (isAlias(node)) {
      const target = this.#anchors.get(node) ?? node.resolve(this.#document);
      if (target) this.#anchors.set(node, target);
      else throw this.#error(node, `there is no anchor ${node.source}`);
      return this.#valueOf(target, depth + 1);
    }
    if (isSeq(node)) return node.items.map((item) => this.#valueOf(item as Node, depth + 1));
    if (isMap(node)) return this.#mapOf(node.items as Pair<Node, Node | null>[], depth);
    return this.#scalarOf(node, isScalar(node) ? node.value : undefined);
  }

  #scalarOf(node: Node, value: unknown): ParamKey {
    if (value === null || typeof value === 'string' || typeof value === 'bigint') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return value;
    if (value instanceof DateScalar) {
      if (this.#hasDatesAsText) return value.text;
      const place = this.#at(node);
      throw invalid(`${place}: ${value.text} is a date, which pipelines cannot hold`, {
        field: place,
        hint: `Quote it: '${value.text}'`,
      });
    }
    throw this.#error(node, 'it is neither text, number, boolean, null, list nor map');
  }

  #mapOf(items: readonly Pair<Node, Node | null>[], depth: number): ReadonlyMap<ParamKey, ParamValue> {
    const own = new Map<ParamKey, ParamValue>();
    const merged = new Map<ParamKey, ParamValue>();
    for (const { key, value } of items) {
      if (isScalar(key) && typeof key.value === 'symbol') {
        for (const [name, member] of this.#mergeSources(value, depth)) {
          if (!merged.has(name)) merged.set(name, member);
        }
        continue;
      }
      const name = this.#valueOf(key, depth + 1);
      if (typeof name === 'object' && name !== null) throw this.#error(key, 'a key must be text, a number or null');
      if (own.has(name)) throw this.#error(key, `the key '${String(name)}' is given twice`);
      own.set(name, this.#valueOf(value, depth + 1));
    }
    // What is merged stands before, as in DVC's reader; what is written here wins.
    for (const [name, member] of own) merged.set(name, member);
    return merged;
  }

  #mergeSources(node: Node | null, depth: number): [ParamKey, ParamValue][] {
    const source = this.#valueOf(node, depth + 1);
    const sources = Array.isArray(source) ? (source as readonly ParamValue[]) : [source];
    return sources.flatMap((item) => {
      if (!(item instanceof Map)) throw this.#error(node, '<< takes a map or a list of maps');
      return [...(item as ReadonlyMap<ParamKey, ParamValue>)];
    });
  }

  #error(node: unknown, message: string) {
    const place = this.#at(node);
    return invalid(`${place}: ${message}`, { field: place });
  }
}

/** Never folds: folding at a double space is what makes DVC misread its own lock files. Dashes are not indented. */
export const writeOptions: ToStringOptions = {
  lineWidth: 0,
  indentSeq: false,
  blockQuote: false,
  nullStr: '',
  singleQuote: true,
};

/** Writes a value as a YAML document that DVC reads back as the same value. */
export function writeYaml(value: ParamValue): string {
  return writePlainYaml(value) ?? writeWhole(value);
}

/** The same in the library's own words, whatever the value. */
export function writeWhole(value: ParamValue): string {
  const document = new Document(value, { ...options, aliasDuplicateObjects: false });
  return document.toString(writeOptions);
}

/** Changes one value of a document read by `readYaml`; all else, comments included, stays as it is. */
export function setInYaml(document: Document.Parsed, path: readonly (string | number)[], value: ParamValue): void {
  // A plain scalar changes the node that is there, and so keeps the comment behind it.
  const isScalarValue = typeof value !== 'object' || value === null;
  document.setIn(path, isScalarValue ? value : document.createNode(value, { aliasDuplicateObjects: false }));
}

/** Text of a document that holds another value: nodes of what stays, and so their comments, are kept. */
export function changeYaml(document: Document.Parsed, value: ReadonlyMap<ParamKey, ParamValue>): string {
  const { contents } = document;
  if (!isMap(contents)) return writeYaml(value);
  changeMap(document, contents, value);
  return document.toString(writeOptions);
}

function changeMap(document: Document.Parsed, map: YAMLMap, value: ReadonlyMap<ParamKey, ParamValue>): void {
  const keyOf = (pair: Pair): unknown => (isScalar(pair.key) ? pair.key.value : pair.key);
  map.items = map.items.filter((pair) => value.has(keyOf(pair) as ParamKey));
  for (const [key, member] of value) {
    const pair = map.items.find((each) => keyOf(each) === key);
    if (pair) pair.value = changedNode(document, pair.value, member);
    else map.items.push(document.createPair(key, member, { aliasDuplicateObjects: false }));
  }
}

function changedNode(document: Document.Parsed, node: unknown, value: ParamValue): unknown {
  if (isMap(node) && value instanceof Map) {
    changeMap(document, node, value as ReadonlyMap<ParamKey, ParamValue>);
    return node;
  }
  if (isSeq(node) && Array.isArray(value)) {
    const items = value as readonly ParamValue[];
    node.items = items.map((item, index) => changedNode(document, node.items[index], item));
    return node;
  }
  if (isScalar(node) && (typeof value !== 'object' || value === null)) {
    const isSameDate = node.value instanceof DateScalar && node.value.text === value;
    if (!isSameDate) node.value = value;
    return node;
  }
  return document.createNode(value, { aliasDuplicateObjects: false });
}
