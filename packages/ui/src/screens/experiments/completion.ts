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
const numberOperators = ['<', '<=', '>', '>=', '=', '!='];
const textOperators = ['=', '!=', 'LIKE', 'ILIKE', 'IN', 'IS NULL', 'IS NOT NULL'];
const token = /`(?:[^`]|``)*`?|"[^"]*"?|'(?:[^']|'')*'?|[<>=!]+|[()]|,|[^\s<>=!(),'"`]+(?:`(?:[^`]|``)*`?)?/g;
const isOperator = /^([<>=!]+|i?like|in|is|not|null|between)$/i;

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
  if (operator.every((piece) => isOperator.test(piece)) && !/null$/i.test(operator.at(-1) ?? ''))
    return valueOf(key, place);
  return { ...place, words: ['and'], kind: 'joint' };
}

/** The pieces since the last AND, OR or bracket around clauses. */
function clauseOf(pieces: readonly string[]): string[] {
  const from = pieces.findLastIndex(
    (piece, index) => /^(and|or)$/i.test(piece) || (piece === '(' && !/^in$/i.test(pieces[index - 1] ?? '')),
  );
  return pieces.slice(from + 1).filter((piece) => !/^[(),]$/.test(piece));
}

function valueOf(key: string, place: Pick<Completion, 'start' | 'end' | 'typed'>): Completion {
  if (key.endsWith('status')) return { ...place, words: statuses, kind: 'value' };
  const named = /^(params?|parameters?|tags?)\.(.+)$/i.exec(key);
  if (!named) return { ...place, words: [], kind: 'value' };
  const bare = (named[2] ?? '').replace(/^[`"]|[`"]$/g, '').replaceAll('``', '`');
  return { ...place, words: [], kind: 'value', valuesOf: { of: /^t/i.test(key) ? 'tag' : 'param', key: bare } };
}
