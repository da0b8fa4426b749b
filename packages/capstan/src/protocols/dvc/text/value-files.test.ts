import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pythonJson } from './python-json.ts';
import { readPython } from './python-values.ts';
import { readToml } from './toml-values.ts';

interface Case {
  readonly text: string;
  /** Null: dvc cannot read it. */
  readonly json: string | null;
}
const vectors = JSON.parse(readFileSync(new URL('../golden/value-files.json', import.meta.url), 'utf8')) as {
  readonly python: readonly Case[];
  readonly toml: readonly Case[];
};

describe('values in Python source', () => {
  it.each(vectors.python)('are those that dvc finds: $text', ({ text, json }) => {
    if (json === null) expect(() => readPython(text, 'params.py')).toThrow(/^params\.py:\d+: /);
    else expect(pythonJson(readPython(text, 'params.py'))).toBe(json);
  });

  it('are found, or the source is refused by its place, whatever it is', () => {
    const piece = fc.constantFrom(
      'a',
      ' = ',
      '1',
      '(',
      ')',
      '[',
      ']',
      '{',
      '}',
      ',',
      ':',
      '\n',
      '    ',
      "'",
      '"""',
      '\\',
      '#',
      'class ',
      'def __init__',
      '-',
      ';',
    );
    fc.assert(
      fc.property(
        fc.array(piece).map((pieces) => pieces.join('')),
        (source) => {
          try {
            readPython(source, 'p.py');
          } catch (error) {
            expect((error as Error).message).toMatch(/^p\.py:\d+: /);
          }
        },
      ),
    );
  });

  it('are found in time that grows with the source', () => {
    const source = `${'['.repeat(50_000)}${']'.repeat(50_000)}\na = ${'('.repeat(50_000)}1${')'.repeat(50_000)}\nb = 2\n`;
    expect(readPython(source, 'p.py')).toEqual(new Map([['b', 2n]]));
  });
});

describe('values in TOML', () => {
  it.each(vectors.toml)('are those that dvc finds: $text', ({ text, json }) => {
    if (json === null) expect(() => readToml(text, 'p.toml')).toThrow(/^p\.toml:\d+:\d+: /);
    else expect(pythonJson(readToml(text, 'p.toml'))).toBe(json);
  });

  it('cannot be dates', () => {
    expect(() => readToml('[a]\nb = 2024-01-02\n', 'p.toml')).toThrow('p.toml: a.b is a date');
  });

  it('do not reach the prototype of what holds them', () => {
    expect(readToml('[__proto__]\na = 1\n', 'p.toml').get('a')).toBeUndefined();
  });
});
