// Turns a good message into a bad or an odd one: what hand-written clients get wrong.
import fc from 'fast-check';
import type { Operation, Value } from '../programme.ts';
import { mostly } from './values.ts';

const wrongs: readonly Value[] = [null, 1, -1, 1.5, 0, '', 'text', true, [], ['x'], {}, { a: 1 }, '1e3', [[]]];

type Twist =
  | { readonly kind: 'drop' | 'camel' | 'both'; readonly at: number }
  | { readonly kind: 'wrong'; readonly at: number; readonly value: Value }
  | { readonly kind: 'unknown' };

const twist: fc.Arbitrary<Twist> = fc.oneof(
  { arbitrary: fc.record({ kind: fc.constant('drop' as const), at: fc.nat(20) }), weight: 6 },
  { arbitrary: fc.record({ kind: fc.constantFrom('camel' as const, 'both' as const), at: fc.nat(20) }), weight: 1 },
  {
    arbitrary: fc.record({ kind: fc.constant('wrong' as const), at: fc.nat(20), value: fc.constantFrom(...wrongs) }),
    weight: 3,
  },
  { arbitrary: fc.constant({ kind: 'unknown' as const }), weight: 1 },
);

/** One in twenty messages has one field twisted. */
export function twisted(operations: fc.Arbitrary<Operation>): fc.Arbitrary<Operation> {
  return fc
    .tuple(operations, mostly(20, fc.constant(undefined), twist))
    .map(([operation, chosen]) => (chosen === undefined ? operation : apply(operation, chosen)));
}

function apply(operation: Operation, chosen: Twist): Operation {
  const { body, query } = operation;
  if (body) return { ...operation, body: inMessage(body, chosen), twist: say(chosen) };
  if (!query || query.length === 0 || chosen.kind !== 'drop') return operation;
  return { ...operation, query: query.filter((_, index) => index !== chosen.at % query.length), twist: 'drop' };
}

function say(chosen: Twist): string {
  return chosen.kind;
}

/** Goes into the messages of a list at even places, so that nested fields have their turn. */
function inMessage(body: { readonly [field: string]: Value }, chosen: Twist): { readonly [field: string]: Value } {
  // A filter keeps a search to what this programme has made.
  const fields = Object.keys(body).filter((name) => name !== 'filter');
  if (chosen.kind === 'unknown') return { ...body, not_a_field: { a: [1] } };
  const field = fields[chosen.at % fields.length];
  const value = field === undefined ? undefined : body[field];
  if (field === undefined || value === undefined) return body;
  const isMessages = Array.isArray(value) && value.some((item: Value) => isMessage(item));
  if (isMessages && chosen.at % 3 !== 0) {
    const [first, ...rest] = value as { readonly [field: string]: Value }[];
    return { ...body, [field]: [inMessage(first ?? {}, { ...chosen, at: Math.floor(chosen.at / 2) }), ...rest] };
  }
  return { ...without(body, chosen.kind === 'both' ? '' : field), ...inPlaceOf(field, value, chosen) };
}

function inPlaceOf(
  field: string,
  value: Value,
  chosen: Exclude<Twist, { kind: 'unknown' }>,
): { readonly [field: string]: Value } {
  switch (chosen.kind) {
    case 'drop':
      return {};
    case 'wrong':
      // Another text would be a name that other programmes use, too.
      return { [field]: field.endsWith('name') && typeof chosen.value === 'string' ? '' : chosen.value };
    case 'camel':
    case 'both':
      return { [field.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())]: value };
  }
}

function isMessage(value: Value): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !Object.keys(value).some((key) => key.startsWith('$'))
  );
}

function without(body: { readonly [field: string]: Value }, field: string): { readonly [field: string]: Value } {
  return Object.fromEntries(Object.entries(body).filter(([key]) => key !== field));
}
