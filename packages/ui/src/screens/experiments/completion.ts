// What can stand at the caret of a filter in MLflow's search language. Pure.

export interface Vocabulary {
  /** `metrics.loss`, `` params.`model type` ``, `attributes.status`. */
  readonly fields: readonly string[];
}

export interface Completion {
  /** The piece being typed, from here… */
  readonly start: number;
  /** …to here is replaced. */
  readonly end: number;
  readonly typed: string;
  /** What may stand there; empty where values are to be asked for. */
  readonly words: readonly string[];
  readonly kind: 'key' | 'operator' | 'value' | 'joint';
  /** The param or tag whose values may stand there. */
  readonly valuesOf?: { readonly of: 'param' | 'tag'; readonly key: string };
}

const statuses = ["'RUNNING'", "'SCHEDULED'", "'FINISHED'", "'FAILED'", "'KILLED'"];
const numberOperators = ['<', '<=', '>', '>=', '=', '!=', 'BETWEEN'];
const textOperators = ['=', '!=', 'LIKE', 'ILIKE', 'IN', 'NOT IN', 'IS NULL', 'IS NOT NULL'];
const token = /`(?:[^`]|``)*`?|"[^"]*"?|'(?:[^']|'')*'?|[<>=!]+|[()]|,|[^\s<>=!(),'"`]+(?:`(?:[^`]|``)*`?)?/g;
const isOperator = /^([<>=!]+|[ir]?like|in|is|not|null|between)$/i;

/** Looks at the pieces left of the caret: a key, then an operator, then a value, then a joint. */
export function completionAt(text: string, caret: number, { fields }: Vocabulary): Completion {
  const left = text.slice(0, caret);
  const pieces = [...left.matchAll(token)].map((match) => ({ text: match[0], start: match.index }));
  const last = pieces.at(-1);
  const isTyping = last !== undefined && last.start + last.text.length === caret && !/^[()]$|^,$/.test(last.text);
  const done = isTyping ? pieces.slice(0, -1) : pieces;
  const start = isTyping ? last.start : caret;
  const place = { start, end: caret, typed: isTyping ? last.text : '' };
  const clause = clauseOf(done.map((piece) => piece.text));
  const [key, ...operator] = clause;
  if (key === undefined) return { ...place, words: fields, kind: 'key' };
  if (operator.length === 0)
    return {
      ...place,
      words: /^(metrics?|attributes?\.(start|end)_time)/i.test(key) ? numberOperators : textOperators,
      kind: 'operator',
    };
  if (/^between$/i.test(operator[0] ?? '') && operator.length < 4) return rangeOf(operator.length, place);
  if (operator.every((piece) => isOperator.test(piece)) && !/null$/i.test(operator.at(-1) ?? ''))
    return valueOf(key, place);
  return { ...place, words: ['and', 'or'], kind: 'joint' };
}

/** `BETWEEN`, a number, `AND`, a number: so many of these are there. */
function rangeOf(length: number, place: Pick<Completion, 'start' | 'end' | 'typed'>): Completion {
  return length === 2 ? { ...place, words: ['and'], kind: 'joint' } : { ...place, words: [], kind: 'value' };
}

/** The pieces since the last AND, OR, NOT or bracket around clauses. */
function clauseOf(pieces: readonly string[]): string[] {
  const from = pieces.findLastIndex((piece, index) =>
    startsClause(piece, (back) => pieces[index - back]?.toLowerCase()),
  );
  return pieces.slice(from + 1).filter((piece) => !/^[(),]$/.test(piece));
}

/** The AND of a range, the NOT of an operator and the bracket of a list stand inside a clause. */
function startsClause(piece: string, before: (back: number) => string | undefined): boolean {
  const word = piece.toLowerCase();
  if (word === 'and') return before(2) !== 'between';
  if (word === 'not') return [undefined, 'and', 'or', 'not', '('].includes(before(1));
  return word === 'or' || (word === '(' && before(1) !== 'in');
}

function valueOf(key: string, place: Pick<Completion, 'start' | 'end' | 'typed'>): Completion {
  if (key.endsWith('status')) return { ...place, words: statuses, kind: 'value' };
  const named = /^(params?|parameters?|tags?)\.(.+)$/i.exec(key);
  if (!named) return { ...place, words: [], kind: 'value' };
  const bare = (named[2] ?? '').replace(/^[`"]|[`"]$/g, '').replaceAll('``', '`');
  return { ...place, words: [], kind: 'value', valuesOf: { of: /^t/i.test(key) ? 'tag' : 'param', key: bare } };
}
