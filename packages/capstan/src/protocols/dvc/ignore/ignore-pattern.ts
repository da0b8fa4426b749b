/**
 * One pattern of a `.dvcignore` as DVC matches it: Git's wildmatch, but a pattern that matches a folder's path also
 * matches all that lies below. Seen with dvc 3.67.1 and pathspec 1.1.1.
 */
export interface IgnorePattern {
  readonly isNegated: boolean;
  /** It ends in a slash and holds for folders only. */
  readonly isFolderOnly: boolean;
  /** @param path relative to the root, with `/`; for a folder with a slash behind */
  matches(path: string): boolean;
}

/** @returns undefined for a pattern that stands for nothing, as Git has it: no name in it, `[` or `\` without end */
export function compilePattern(text: string): IgnorePattern | undefined {
  const isNegated = text.startsWith('!');
  const body = isNegated ? text.slice(1) : text;
  const matches = matcherOf(body);
  return matches && { isNegated, isFolderOnly: text.endsWith('/'), matches };
}

type Matcher = (path: string) => boolean;

function matcherOf(body: string): Matcher | undefined {
  if (body === '' || body === '/') return undefined;
  const segments = normalized(body.split('/'));
  if (segments.length === 0) return undefined;
  const [first, second] = segments;
  if (segments.length === 1 && first === '**') return body.endsWith('/') ? undefined : () => true;
  if (segments.length === 2 && first === '**' && second === '*') return () => true;
  // Folders only, and any of them: DVC's expression for it wants a slash in front, which no path has.
  if (segments.length === 3 && first === '**' && second === '*' && segments[2] === '**') return undefined;
  const steps = stepsOf(segments);
  return steps && (literalMatcher(steps) ?? automaton(steps));
}

/** A name alone is looked for at any depth; a slash at the end stands for what lies below. */
function normalized(written: readonly string[]): string[] {
  const segments = [...written];
  if (segments[0] === '') segments.shift();
  else if (segments.length === 1 || (segments.length === 2 && segments[1] === '')) {
    if (segments[0] !== '**') segments.unshift('**');
  }
  if (segments.at(-1) === '') segments[segments.length - 1] = '**';
  return segments.filter((segment, index) => segment !== '**' || segments[index - 1] !== '**');
}

/** What the next part of a path must be. */
type Step =
  | { readonly kind: 'text'; readonly letter: string }
  | { readonly kind: 'letter' }
  | { readonly kind: 'letters' }
  | { readonly kind: 'set'; readonly isNegated: boolean; readonly ranges: readonly (readonly [number, number])[] }
  /** Any folders, or none. */
  | { readonly kind: 'leading folders' }
  | { readonly kind: 'inner folders' }
  /** The end of the path, or a slash. */
  | { readonly kind: 'end' };

function stepsOf(segments: readonly string[]): Step[] | undefined {
  const steps: Step[] = [];
  let needsSlash = false;
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (segment === '**') {
      if (isLast) steps.push({ kind: 'text', letter: '/' });
      else steps.push({ kind: index === 0 ? 'leading folders' : 'inner folders' });
      needsSlash = index > 0;
      continue;
    }
    if (needsSlash) steps.push({ kind: 'text', letter: '/' });
    if (segment === '*') steps.push({ kind: 'letter' }, { kind: 'letters' });
    else {
      const globbed = globSteps(segment);
      if (!globbed) return undefined;
      steps.push(...globbed);
    }
    if (isLast) steps.push({ kind: 'end' });
    needsSlash = true;
  }
  return steps;
}

function globSteps(segment: string): Step[] | undefined {
  const letters = Array.from(segment);
  const steps: Step[] = [];
  for (let index = 0; index < letters.length; index++) {
    const letter = letters[index] ?? '';
    if (letter === '\\') {
      const escaped = letters[++index];
      if (escaped === undefined) return undefined;
      steps.push({ kind: 'text', letter: escaped });
    } else if (letter === '*') {
      if (steps.at(-1)?.kind !== 'letters') steps.push({ kind: 'letters' });
    } else if (letter === '?') steps.push({ kind: 'letter' });
    else if (letter === '[') {
      const end = endOfSet(letters, index + 1);
      const set = end === undefined ? undefined : setOf(letters.slice(index + 1, end));
      if (end === undefined || !set) return undefined;
      steps.push(set);
      index = end;
    } else steps.push({ kind: 'text', letter });
  }
  return steps;
}

function endOfSet(letters: readonly string[], start: number): number | undefined {
  let index = start;
  if (letters[index] === '!' || letters[index] === '^') index++;
  // Right behind the bracket, a closing one is a letter of the set.
  if (letters[index] === ']') index++;
  const end = letters.indexOf(']', index);
  return end < 0 ? undefined : end;
}

function setOf(letters: readonly string[]): Step | undefined {
  const isNegated = letters[0] === '!' || letters[0] === '^';
  const members = (isNegated ? letters.slice(1) : letters).map((letter) => letter.codePointAt(0) ?? 0);
  const ranges: [number, number][] = [];
  for (let index = 0; index < members.length; index++) {
    const from = members[index] ?? 0;
    const isRange = members[index + 1] === 0x2d && index + 2 < members.length;
    const to = isRange ? (members[index + 2] ?? 0) : from;
    if (to < from) return undefined;
    ranges.push([from, to]);
    if (isRange) index += 2;
  }
  return { kind: 'set', isNegated, ranges };
}

/** Most patterns are a name, `*.ending` or a path: the engine's own text search decides these. */
function literalMatcher(steps: readonly Step[]): Matcher | undefined {
  const isAnywhere = steps[0]?.kind === 'leading folders';
  const rest = isAnywhere ? steps.slice(1) : steps;
  const hasStar = isAnywhere && rest[0]?.kind === 'letters';
  const text = literalOf(hasStar ? rest.slice(1) : rest);
  if (text === undefined || text === '') return undefined;
  const hasEnd = steps.at(-1)?.kind === 'end';
  const below = hasEnd ? `${text}/` : text;
  if (hasStar) {
    if (text.includes('/') && !text.endsWith('/')) return undefined;
    return (path) => (hasEnd && path.endsWith(text)) || path.includes(below);
  }
  const isAtStart: Matcher = (path) => path.startsWith(below) || (hasEnd && path === text);
  if (!isAnywhere) return isAtStart;
  const inside = `/${below}`;
  const atEnd = `/${text}`;
  return (path) => isAtStart(path) || path.includes(inside) || (hasEnd && path.endsWith(atEnd));
}

function literalOf(steps: readonly Step[]): string | undefined {
  let text = '';
  for (const step of steps) {
    if (step.kind === 'text') text += step.letter;
    else if (step.kind !== 'end') return undefined;
  }
  return text;
}

/** Follows all possible readings of the pattern at once: time grows with path × pattern, whatever the stars. */
function automaton(steps: readonly Step[]): Matcher {
  const literal = longestLiteral(steps);
  let states = new States(steps);
  let next = new States(steps);
  return (path) => {
    if (!path.includes(literal)) return false;
    states.clear();
    if (states.enter(0, path === '')) return true;
    let index = 0;
    for (const letter of path) {
      index += letter.length;
      next.clear();
      for (const state of states.list) {
        if (advance(steps, state, letter, next, index === path.length)) return true;
      }
      [states, next] = [next, states];
    }
    return false;
  };
}

/** Where in a pattern its readings stand: twice the index of a step, and one more inside a run of folders. */
class States {
  readonly list: number[] = [];
  readonly #steps: readonly Step[];
  readonly #isIn: Uint8Array;

  constructor(steps: readonly Step[]) {
    this.#steps = steps;
    this.#isIn = new Uint8Array(2 * steps.length);
  }

  clear(): void {
    for (const state of this.list) this.#isIn[state] = 0;
    this.list.length = 0;
  }

  add(state: number): void {
    if (this.#isIn[state]) return;
    this.#isIn[state] = 1;
    this.list.push(state);
  }

  /** Adds a step, and those behind it that may stand for nothing. Returns true when the pattern has matched. */
  enter(from: number, isEnd: boolean): boolean {
    for (let index = from; ; index++) {
      const step = this.#steps[index];
      if (!step || (step.kind === 'end' && isEnd)) return true;
      this.add(index << 1);
      if (step.kind !== 'letters' && step.kind !== 'leading folders' && step.kind !== 'inner folders') return false;
    }
  }
}

/** Reads a letter in one state. Returns true when the pattern has matched. */
function advance(steps: readonly Step[], state: number, letter: string, next: States, isEnd: boolean): boolean {
  const index = state >> 1;
  const step = steps[index];
  const isInside = (state & 1) === 1;
  switch (step?.kind) {
    case 'text':
      return letter === step.letter && next.enter(index + 1, isEnd);
    case 'letter':
      return letter !== '/' && next.enter(index + 1, isEnd);
    case 'letters':
      return letter !== '/' && next.enter(index, isEnd);
    case 'set':
      return isInSet(step, letter) && next.enter(index + 1, isEnd);
    case 'leading folders':
      next.add(state | 1);
      return isInside && letter === '/' && next.enter(index + 1, isEnd);
    case 'inner folders':
      if (isInside || letter === '/') next.add(state | 1);
      return isInside && next.enter(index + 1, isEnd);
    case 'end':
      return letter === '/';
    default:
      return false;
  }
}

function isInSet(set: Extract<Step, { kind: 'set' }>, letter: string): boolean {
  const code = letter.codePointAt(0) ?? 0;
  return set.ranges.some(([from, to]) => from <= code && code <= to) !== set.isNegated;
}

function longestLiteral(steps: readonly Step[]): string {
  let longest = '';
  let run = '';
  for (const step of steps) {
    run = step.kind === 'text' ? run + step.letter : '';
    if (run.length > longest.length) longest = run;
  }
  return longest;
}
