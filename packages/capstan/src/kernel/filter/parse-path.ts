import type { KeyPath } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { syntaxRefusal } from './place.ts';

/** `entity.key`, `key`, or either part in back-ticks or double quotes. @throws DomainError INVALID_ARGUMENT */
export function readPath(cursor: Cursor): KeyPath {
  const first = cursor.take('word', 'quoted-name', 'string');
  if (!first) throw cursor.error('a key such as metrics.accuracy is expected here');
  if (cursor.take('dot')) {
    const second = cursor.take('word', 'quoted-name', 'string');
    if (!second || second.text === '') throw cursor.error('a key is expected behind the dot');
    return { entity: first.text.toLowerCase(), key: second.text, place: cursor.since(first) };
  }
  const dot = first.kind === 'word' ? first.text.indexOf('.') : -1;
  if (dot < 0 && first.text !== '') return { entity: undefined, key: first.text, place: cursor.since(first) };
  const key = first.text.slice(dot + 1);
  if (dot === 0 || key === '') throw syntaxRefusal(first, 'a key is written as entity.key');
  return { entity: first.text.slice(0, dot).toLowerCase(), key, place: cursor.since(first) };
}
