// What a program printed for a terminal, as text and its looks. Pure.

export type Look = 'strong' | 'faint' | 'black' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'white';

/** Characters that look alike. */
export interface Stretch {
  readonly text: string;
  readonly looks: readonly Look[];
}

const COLOURS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const;
const CODE = /\u001b(?:\[([\d;:?]*)[ -/]*([@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[ -/]*[0-~])/g;

/** Colours and weight of ECMA-48 are kept, other codes left out; a carriage return writes over its line. */
export function stretchesOf(printed: string): Stretch[] {
  const stretches: Stretch[] = [];
  let colour: Look | undefined;
  let weight: Look | undefined;
  let at = 0;
  const text = withoutOverwritten(printed);
  const add = (piece: string): void => {
    if (piece === '') return;
    const looks = [colour, weight].filter((look) => look !== undefined);
    const last = stretches.at(-1);
    if (last && last.looks.join() === looks.join())
      stretches[stretches.length - 1] = { text: last.text + piece, looks };
    else stretches.push({ text: piece, looks });
  };
  for (const match of text.matchAll(CODE)) {
    add(text.slice(at, match.index));
    at = match.index + match[0].length;
    if (match[2] !== 'm') continue;
    const codes = (match[1] ?? '').split(/[;:]/).map(Number);
    for (let index = 0; index < codes.length; index++) {
      const code = codes[index] ?? 0;
      if (code === 0) colour = weight = undefined;
      else if (code === 1) weight = 'strong';
      else if (code === 2) weight = 'faint';
      else if (code === 22) weight = undefined;
      else if (code === 39) colour = undefined;
      else if (code >= 30 && code <= 37) colour = COLOURS[code - 30];
      else if (code >= 90 && code <= 97) colour = COLOURS[code - 90];
      // Of 256 or all colours: none of them is known to be readable here.
      else if (code === 38 || code === 48) index += codes[index + 1] === 2 ? 4 : 2;
    }
  }
  add(text.slice(at));
  return stretches;
}

function withoutOverwritten(text: string): string {
  return text.replaceAll(/^[^\n]*\r(?!\n)/gm, '').replaceAll('\r', '');
}

/** Places where a text is found, whatever its case; so many at most. */
export function placesOf(text: string, wanted: string, most = 1_000): number[] {
  if (wanted === '') return [];
  const [inside, sought] = [text.toLowerCase(), wanted.toLowerCase()];
  // Letters whose other case is longer would move what stands behind them.
  if (inside.length !== text.length) return placesExactly(text, wanted, most);
  return placesExactly(inside, sought, most);
}

function placesExactly(text: string, wanted: string, most: number): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(wanted); at >= 0 && places.length < most; at = text.indexOf(wanted, at + wanted.length))
    places.push(at);
  return places;
}

/** Stretches cut so that found places are stretches of their own. `found`: which place it is. */
export function withFound(
  stretches: readonly Stretch[],
  places: readonly number[],
  length: number,
): (Stretch & { readonly found?: number })[] {
  const cut: (Stretch & { found?: number })[] = [];
  let at = 0;
  let next = 0;
  for (const { text, looks } of stretches) {
    for (let from = 0; from < text.length;) {
      const place = places[next];
      const here = at + from;
      if (place === undefined || place >= at + text.length) {
        cut.push({ text: text.slice(from), looks });
        break;
      }
      if (here < place) {
        cut.push({ text: text.slice(from, place - at), looks });
        from = place - at;
        continue;
      }
      const end = Math.min(text.length, place + length - at);
      cut.push({ text: text.slice(from, end), looks, found: next });
      from = end;
      if (at + from >= place + length) next++;
    }
    at += text.length;
  }
  return cut;
}
