import { describe, expect, it } from 'vitest';
import type { DagNode } from '#repository';
import { dagDot, dagMermaid, dagPicture } from './dag-picture.ts';

function node(name: string, ...after: string[]): DagNode {
  return { name, kind: name.endsWith('.dvc') ? 'data' : 'stage', isFrozen: false, after, writes: [] };
}

describe('the picture of a graph', () => {
  it('leads a chain down one lane', () => {
    expect(dagPicture([node('raw.dvc'), node('a', 'raw.dvc'), node('b', 'a')])).toBe('●  raw.dvc (data)\n●  a\n●  b');
  });

  it('parts and joins', () => {
    const diamond = [node('a'), node('b', 'a'), node('c', 'a'), node('d', 'b', 'c')];
    expect(dagPicture(diamond).split('\n')).toEqual(['●  a', '├─┐', '● │  b', '│ ●  c', '├─┘', '●  d']);
  });

  it('passes lanes that lead elsewhere', () => {
    const lines = dagPicture([node('a'), node('b'), node('c', 'a'), node('d', 'a', 'b'), node('e', 'c', 'd')]);
    expect(lines.split('\n')).toEqual(['●  a', '├─┐', '│ │ ●  b', '│ ├─┘', '● │  c', '│ ●  d', '├─┘', '●  e']);
  });

  it('keeps parts without a connection apart', () => {
    expect(dagPicture([node('a'), node('x'), node('b', 'a')])).toBe('●\u0020\u0020a\n│ ●  x\n●  b');
  });
});

it('is told to other programs with names they cannot mistake', () => {
  const nodes = [node('a "b"'), node('c', 'a "b"', 'elsewhere')];
  expect(dagMermaid(nodes)).toBe('flowchart TD\n  n1["a #quot;b#quot;"]\n  n2["c"]\n  n1 --> n2');
  expect(dagDot(nodes)).toBe('digraph {\n  "a \\"b\\"";\n  "c";\n  "a \\"b\\"" -> "c";\n}');
});
