import { Lexer, isAlias, isMap, isScalar, isSeq, type Document, type LineCounter, type Node } from 'yaml';

/** Most characters of a YAML file that people write by hand. */
export const MAX_YAML_BYTES = 1_000_000;
const MAX_TOKENS = 50_000;
const MAX_DEPTH = 64;
const MAX_ALIASES = 100;

/** What is wrong with a YAML text, and the offset where. */
export interface YamlFault {
  readonly offset: number;
  readonly message: string;
}

/**
 * Refuses texts that would cost the parser more than they are worth. Runs before parsing, on a stream of tokens that is
 * cut off: the parser itself is quadratic in keys and recursive in depth.
 */
export function findCostlyText(text: string): YamlFault | undefined {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_YAML_BYTES)
    return { offset: 0, message: `the file has ${bytes} bytes; at most ${MAX_YAML_BYTES} are read` };
  let tokens = 0;
  for (const _ of new Lexer().lex(text)) {
    if (++tokens > MAX_TOKENS) return { offset: 0, message: `the file has more than ${MAX_TOKENS} YAML tokens` };
  }
  return undefined;
}

interface Place {
  readonly node: unknown;
  readonly depth: number;
}

/**
 * Refuses documents that could not be turned into plain values safely: nesting, aliases without end, keys that are not
 * plain words, keys given twice. Walks with its own stack, since a hostile document is deeper than the program's.
 */
export function findUnsafeNode(document: Document.Parsed): YamlFault | undefined {
  const places: Place[] = [{ node: document.contents, depth: 1 }];
  let aliases = 0;
  for (let place = places.pop(); place; place = places.pop()) {
    const { node, depth } = place;
    const offset = offsetOf(node);
    if (depth > MAX_DEPTH) return { offset, message: `nested deeper than ${MAX_DEPTH} levels` };
    if (isAlias(node) && ++aliases > MAX_ALIASES) return { offset, message: `more than ${MAX_ALIASES} aliases` };
    if (isSeq(node)) for (const item of node.items) places.push({ node: item, depth: depth + 1 });
    if (!isMap(node)) continue;
    const keys = new Set<string>();
    for (const { key, value } of node.items) {
      if (!isScalar(key)) return { offset: offsetOf(key), message: 'a key must be a plain word' };
      const name = String(key.value);
      if (name === '__proto__') return { offset: offsetOf(key), message: "a key may not be '__proto__'" };
      if (keys.has(name)) return { offset: offsetOf(key), message: `the key '${name}' is given twice` };
      keys.add(name);
      places.push({ node: value, depth: depth + 1 });
    }
  }
  return undefined;
}

/** Where a node starts, in characters. */
export function offsetOf(node: unknown): number {
  return (node as Node | null)?.range?.[0] ?? 0;
}

/** `12:5`, both from 1. */
export function placeAt(lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${Math.max(line, 1)}:${Math.max(col, 1)}`;
}
