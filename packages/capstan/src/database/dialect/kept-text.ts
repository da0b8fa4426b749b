import type { CompiledQuery, RawBuilder } from 'kysely';
import type { InsertColumn } from './dialect.ts';

/** Texts of inserts by the lists of their columns, which are constants of the stores. */
const texts = new WeakMap<readonly InsertColumn[], Map<string, { onConflict: unknown; text: CompiledQuery }>>();

/** The text of an insert into a table, made once for each database: making it costs more than inserting a row. */
export function keptText(
  columns: readonly InsertColumn[],
  place: string,
  onConflict: RawBuilder<unknown>,
  make: () => CompiledQuery,
): CompiledQuery {
  let byPlace = texts.get(columns);
  if (!byPlace) texts.set(columns, (byPlace = new Map()));
  const known = byPlace.get(place);
  if (known?.onConflict === onConflict) return known.text;
  const text = make();
  byPlace.set(place, { onConflict, text });
  return text;
}
