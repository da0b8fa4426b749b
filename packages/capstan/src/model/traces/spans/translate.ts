// From a span as OpenTelemetry sends it to one as MLflow keeps it. Pure.
import { plainText, readValue, storable, writeValue, type AttributeValue } from '#kernel/exact-json';
import { spanKeys, traceIdOf, type Attributes, type SentSpan, type Span } from '../model.ts';
import { conventions, type Convention } from './conventions.ts';
import { costKeys, tokenKeys } from './usage.ts';

const LONGEST_DIMENSION = 500;

/** A span with what is counted of it. */
export interface TranslatedSpan extends Span {
  readonly usage: Readonly<Record<string, number>> | null;
  readonly cost: Readonly<Record<string, number>> | null;
  readonly model: string | null;
  readonly provider: string | null;
}

/**
 * Keeps each value as JSON text, and adds what MLflow has a name for where another instrumentation said it: kind,
 * inputs, outputs, tokens, model. MLflow's own clients send JSON in texts; that layer is taken off.
 */
export function translateSpan(sent: SentSpan): TranslatedSpan {
  const attributes = textsOf(sent.attributes);
  attributes.set(spanKeys.traceId, writeValue(traceIdOf(sent.traceId)));
  addKind(attributes);
  addFirst(attributes, spanKeys.inputs, (convention) => convention.inputs);
  addFirst(attributes, spanKeys.outputs, (convention) => convention.outputs);
  addFirst(attributes, spanKeys.tools, (convention) => convention.tools);
  addUsage(attributes);
  addModel(attributes);
  const { spanId, parentId, name, status, statusMessage, startNs, endNs, events, links } = sent;
  return countedSpan({
    spanId,
    parentId,
    status,
    startNs,
    endNs,
    events,
    links,
    attributes,
    name: storable(name),
    statusMessage: storable(statusMessage),
  });
}

/** A span with what its attributes say of its kind, tokens, costs and model. */
export function countedSpan(span: Omit<Span, 'type'>): TranslatedSpan {
  const { attributes } = span;
  return {
    ...span,
    type: textAt(attributes, spanKeys.type),
    usage: numbersAt(attributes, spanKeys.usage, tokenKeys),
    cost: numbersAt(attributes, spanKeys.cost, costKeys),
    model: textAt(attributes, spanKeys.model)?.slice(0, LONGEST_DIMENSION).toWellFormed() ?? null,
    provider: textAt(attributes, spanKeys.provider)?.slice(0, LONGEST_DIMENSION).toWellFormed() ?? null,
  };
}

function textsOf(sent: Attributes): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [key, value] of sent) texts.set(storable(key), storable(jsonOf(value)));
  return texts;
}

/** A text that is itself JSON of a text, list or object was written by a client that keeps values so. */
function jsonOf(value: AttributeValue): string {
  if (typeof value !== 'string' || !/^\s*["[{]/.test(value)) return writeValue(value);
  try {
    JSON.parse(value);
    return value;
  } catch {
    return writeValue(value);
  }
}

function addKind(attributes: Map<string, string>): void {
  const said = textAt(attributes, spanKeys.type);
  if (said !== null && said !== 'UNKNOWN') return;
  for (const { kindKey, kinds } of conventions) {
    const kind = kindKey === undefined ? null : textAt(attributes, kindKey);
    const known = kind !== null && kinds !== undefined && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
    if (known === undefined) continue;
    attributes.set(spanKeys.type, writeValue(known));
    return;
  }
}

function addFirst(
  attributes: Map<string, string>,
  key: string,
  candidates: (convention: Convention) => readonly string[] | undefined,
): void {
  if (attributes.has(key)) return;
  const found = conventions
    .flatMap((convention) => candidates(convention) ?? [])
    .map((candidate) => attributes.get(candidate))
    .find((json) => json !== undefined && !isEmpty(json));
  if (found !== undefined) attributes.set(key, found);
}

function isEmpty(json: string): boolean {
  return ['null', '""', '{}', '[]', 'false', '0'].includes(json);
}

function addUsage(attributes: Map<string, string>): void {
  if (attributes.has(spanKeys.usage)) return;
  for (const convention of conventions) {
    const input = countAt(attributes, convention.inputTokens);
    const output = countAt(attributes, convention.outputTokens);
    const both = input !== undefined && output !== undefined ? input + output : undefined;
    const total = countAt(attributes, convention.totalTokens) ?? both;
    if (input === undefined && output === undefined && total === undefined) continue;
    const counts = {
      input_tokens: input,
      output_tokens: output,
      total_tokens: total,
      cache_read_input_tokens: countAt(attributes, convention.cacheRead),
      cache_creation_input_tokens: convention.cacheCreation
        ?.map((key) => countAt(attributes, key))
        .find((count) => count !== undefined),
    };
    const told = Object.entries(counts).filter((entry): entry is [string, bigint] => entry[1] !== undefined);
    attributes.set(spanKeys.usage, writeValue(new Map(told)));
    return;
  }
}

function countAt(attributes: ReadonlyMap<string, string>, key: string | undefined): bigint | undefined {
  const text = key === undefined ? undefined : attributes.get(key);
  if (text === undefined) return undefined;
  const digits = plainText(text);
  return /^\d{1,18}$/.test(digits) ? BigInt(digits) : undefined;
}

function addModel(attributes: Map<string, string>): void {
  addText(
    attributes,
    spanKeys.model,
    conventions.flatMap((convention) => convention.models ?? []),
  );
  addText(
    attributes,
    spanKeys.provider,
    conventions.flatMap(({ provider }) => provider ?? []),
  );
  if (attributes.has(spanKeys.model)) return;
  for (const key of [spanKeys.inputs, spanKeys.outputs]) {
    const value = readValue(attributes.get(key) ?? '');
    const model = value instanceof Map ? (value as Attributes).get('model') : undefined;
    if (typeof model !== 'string' || model === '') continue;
    attributes.set(spanKeys.model, writeValue(model));
    return;
  }
}

function addText(attributes: Map<string, string>, key: string, candidates: readonly string[]): void {
  if (attributes.has(key)) return;
  const found = candidates.map((candidate) => textAt(attributes, candidate)).find((text) => text !== null);
  if (found !== undefined && found !== null) attributes.set(key, writeValue(found));
}

/** The text of an attribute; null where there is none, or it is empty or no text. */
export function textAt(attributes: ReadonlyMap<string, string>, key: string): string | null {
  const json = attributes.get(key);
  const value = json?.startsWith('"') ? readValue(json) : undefined;
  return typeof value === 'string' && value !== '' ? value : null;
}

function numbersAt(
  attributes: ReadonlyMap<string, string>,
  key: string,
  known: readonly string[],
): Record<string, number> | null {
  const value = readValue(attributes.get(key) ?? '');
  if (!(value instanceof Map)) return null;
  const numbers = known
    .map((name) => [name, (value as Attributes).get(name)] as const)
    .filter(([, amount]) => typeof amount === 'number' || typeof amount === 'bigint')
    .map(([name, amount]) => [name, Number(amount)] as const)
    .filter(([, amount]) => Number.isFinite(amount) && Math.abs(amount) <= Number.MAX_SAFE_INTEGER);
  return numbers.length === 0 ? null : Object.fromEntries(numbers);
}
