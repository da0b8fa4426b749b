import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseLocatedYaml } from './located-yaml.ts';
import { MAX_YAML_BYTES } from './yaml-limits.ts';

const anything = z.unknown();
const messageOf = (text: string, schema: z.ZodType = anything): string => {
  try {
    parseLocatedYaml('x.yaml', text, schema);
    return 'accepted';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('located YAML', () => {
  it('reads YAML 1.2: no is a word, 010 is ten, a date is text', () => {
    const { value } = parseLocatedYaml('x.yaml', 'a: no\nb: 010\nc: 2013-01-01\nd: &x [1]\ne: *x\n', anything);
    expect(value).toEqual({ a: 'no', b: 10, c: '2013-01-01', d: [1], e: [1] });
  });

  it('gives the written values beside the parsed ones', () => {
    const schema = z.strictObject({ a: z.int().default(1), b: z.string().transform((text) => text.length) });
    const { value, written } = parseLocatedYaml('x.yaml', 'b: four', schema);
    expect({ value, written }).toEqual({ value: { a: 1, b: 4 }, written: { b: 'four' } });
  });

  it('places a fault that a later check finds, at the nearest thing that is there', () => {
    const yaml = parseLocatedYaml('x.yaml', 'a:\n  b: [1, 2]\n', anything);
    expect(yaml.fault(['a', 'b', 1], 'odd')).toMatchObject({
      field: 'x.yaml:2:10',
      message: 'x.yaml:2:10: a.b[1]: odd',
    });
    expect(yaml.fault(['a', 'c'], 'missing')).toMatchObject({ field: 'x.yaml:2:3' });
  });

  it('names what was meant in a union: the alternative that fits best', () => {
    const schema = z.array(z.union([z.string(), z.strictObject({ shadow: z.int() })]));
    expect(messageOf('- {shadow: x}', schema)).toBe('x.yaml:1:12: [0].shadow: expected a number, found the text "x"');
    expect(messageOf('- 3', schema)).toBe(
      'x.yaml:1:3: [0]: expected text, found 3; or expected a map of keys, found 3',
    );
  });

  it('says what is expected where nothing was given', () => {
    expect(messageOf('', z.strictObject({ a: z.int() }))).toBe(
      'x.yaml:1:1: the file: expected a map of keys, found nothing',
    );
    expect(messageOf('a:', z.strictObject({ a: z.string() }))).toBe('x.yaml:1:3: a: expected text, found nothing');
    expect(messageOf('b: 1', z.strictObject({ a: z.boolean() }))).toContain('a: missing; expected true or false');
  });

  // Each of these keeps the parser busy for minutes, or ends it, when it is let through.
  it.each([
    ['too many bytes', `a: "${'x'.repeat(MAX_YAML_BYTES)}"`, 'bytes'],
    ['sixty thousand keys', Array.from({ length: 60_000 }, (_, index) => `k${index}: 1`).join('\n'), 'tokens'],
    ['deep lists', '['.repeat(300_000), 'tokens'],
    ['lists a little too deep', `${'['.repeat(65)}${']'.repeat(65)}`, 'deeper'],
    ['deep dashes', `${'- '.repeat(10_000)}x`, ''],
    ['keys that are maps', `${'? '.repeat(200)}x`, ''],
    [
      'aliases of aliases',
      `a: &a [${'x,'.repeat(9)}]\n${'abcdefgh'
        .split('')
        .map((name, index, all) => (index === 0 ? '' : `${name}: &${name} [${`*${all[index - 1]},`.repeat(9)}]`))
        .join('\n')}`,
      'alias',
    ],
    ['an alias of itself', 'a: &a [*a]', ''],
    ['a key named __proto__', '__proto__: {a: 1}', '__proto__'],
  ])('refuses %s', (_, text, reason) => {
    const message = messageOf(text);
    expect(message).toMatch(/^x\.yaml/);
    expect(message).toContain(reason);
  });

  it.each(['a: {b: [1, 2', 'a: b: c', 'a:\n\t- b', '%YAML 9.9\n---\na: 1', '*x', 'a: !!js/function x'])(
    'refuses %j with its place',
    (text) => {
      expect(messageOf(text)).toMatch(/^x\.yaml(:\d+:\d+)?: \S/);
    },
  );
});
