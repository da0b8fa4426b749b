import { invalid, type DomainError } from '../errors.ts';
import { nearest } from '../nearest.ts';

/** A stretch of a filter or of one `order_by` term: offsets in UTF-16 units of the source. */
export interface Place {
  readonly source: string;
  readonly start: number;
  readonly end: number;
  /** Request field that the source came in. */
  readonly field: 'filter' | 'order_by';
}

/** Most characters of the source that a message shows, and of a name in it. */
const SHOWN = 100;
const SHOWN_BEFORE = 60;
const SHOWN_NAME = 80;
/** A longer word is no slip of the keyboard. */
const LONGEST_SLIP = 64;

/**
 * A refusal that shows where: its reason, what was probably meant, and the source with the place underlined.
 * `details` are `position`, `length` (UTF-16 units) and, where there is one, `suggestion`: the text to put there instead.
 */
export function refusal(place: Place, reason: string, suggestion?: string): DomainError {
  const { position, length } = { position: place.start, length: Math.max(place.end - place.start, 1) };
  const meant = suggestion === undefined ? '' : `. Did you mean ${suggestion}?`;
  return invalid(`${reason}${meant}\n${underlined(place)}`, {
    field: place.field,
    details: { position, length, ...(suggestion !== undefined && { suggestion }) },
  });
}

/** The refusal of what the grammar does not have. The first words are MLflow's, which its clients look for. */
export function syntaxRefusal(place: Place, reason: string, suggestion?: string): DomainError {
  const text = shortened(place.source.slice(place.start, place.end)) || 'the end';
  const name = place.field === 'filter' ? 'Invalid clause(s) in filter string:' : 'Invalid order_by clause';
  return refusal(place, `${name} '${text}' at position ${place.start}: ${reason}`, suggestion);
}

/** A text of a user in a message: bounded, on one line. */
export function shortened(text: string): string {
  return text.length <= SHOWN_NAME ? printable(text) : `${printable(text.slice(0, SHOWN_NAME))}…`;
}

/** The candidate that a word was probably meant to be. */
export function meantBy(word: string, candidates: readonly string[]): string | undefined {
  if (word.length < 3 || word.length > LONGEST_SLIP) return undefined;
  return nearest(word, candidates);
}

/** Two lines: the source around the place, and carets under the place. */
function underlined({ source, start, end }: Place): string {
  const from = Math.max(0, start - SHOWN_BEFORE);
  const to = Math.min(source.length, from + SHOWN);
  const before = printable(source.slice(from, start));
  const lead = from > 0 ? '…' : '';
  const tail = to < source.length ? '…' : '';
  const carets = Math.max(1, columns(source.slice(start, Math.min(Math.max(end, start), to))));
  return [
    `  ${lead}${before}${printable(source.slice(start, to))}${tail}`,
    `  ${' '.repeat(lead.length + columns(before))}${'^'.repeat(carets)}`,
  ].join('\n');
}

function columns(text: string): number {
  return Array.from(text).length;
}

/** Control signs would move the cursor of a terminal. */
function printable(text: string): string {
  return Array.from(text, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x2028 && code <= 0x202e) ? ' ' : character;
  }).join('');
}
