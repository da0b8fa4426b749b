import { createRequire } from 'node:module';
import type * as Re2 from 're2js';

type Matcher = (text: string) => boolean;

const MOST_REMEMBERED = 100;

/**
 * Whether a text has a stretch that the expression matches, in time linear in the text: a user's expression must not hold
 * the process. The engine is loaded by the first search that needs it.
 */
export function createRegExpMatch(): (pattern: string, text: string) => boolean {
  const matchers = new Map<string, Matcher>();
  return (pattern, text) => {
    let matches = matchers.get(pattern);
    if (!matches) {
      matches = compile(pattern);
      if (matchers.size >= MOST_REMEMBERED) matchers.clear();
      matchers.set(pattern, matches);
    }
    return matches(text);
  };
}

function compile(pattern: string): Matcher {
  const { RE2JS } = createRequire(import.meta.url)('re2js') as typeof Re2;
  const compiled = RE2JS.compile(pattern);
  return (text) => compiled.matcher(text).find();
}
