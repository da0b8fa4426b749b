import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildGraph, pathsMeet, type GraphNode } from './path-graph.ts';

const path = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .array(fc.constantFrom('a', 'b', 'a.b', 'a b'), { minLength: 1, maxLength: 3 })
      .map((steps) => steps.join('/')),
  },
  { weight: 1, arbitrary: fc.constant('.') },
);

/** A writer for each path that meets none before it, and readers of anything, which write nothing. */
const nodes = fc
  .tuple(fc.array(path, { maxLength: 8 }), fc.array(fc.array(path, { maxLength: 3 }), { maxLength: 5 }))
  .map(([writes, reads]): GraphNode[] => {
    const apart: string[] = [];
    for (const each of writes) if (!apart.some((other) => pathsMeet(each, other))) apart.push(each);
    return [
      ...reads.map((paths, index) => ({ name: `r${index}`, reads: paths, writes: [] })),
      ...apart.map((each, index) => ({ name: `w${index}`, reads: [], writes: [each] })),
    ];
  });

describe('who reads from whom', () => {
  it('is whoever writes what is, holds or lies in what is read', () => {
    fc.assert(
      fc.property(nodes, (all) => {
        const graph = buildGraph(all);
        for (const node of all) {
          const writers = all.filter((other) =>
            node.reads.some((file) => other.writes.some((each) => pathsMeet(file, each))),
          );
          expect(graph.before(node.name)).toEqual(writers.map(({ name }) => name));
          for (const { name } of writers) expect(graph.after(name)).toContain(node.name);
        }
        const places = new Map(graph.order.map(({ name }, index) => [name, index]));
        expect(places.size).toBe(all.length);
        for (const { name } of all) {
          for (const before of graph.before(name)) expect(places.get(before)).toBeLessThan(places.get(name) ?? -1);
        }
      }),
    );
  });

  it('is refused where two outputs meet', () => {
    fc.assert(
      fc.property(path, path, (a, b) => {
        const two = [a, b].map((each, index) => ({ name: `w${index}`, reads: [], writes: [each] }));
        if (pathsMeet(a, b)) expect(() => buildGraph(two)).toThrow(/an output of both|lies in the output/);
        else expect(buildGraph(two).order).toHaveLength(2);
      }),
    );
  });

  it('is found among many in no time', () => {
    const chain = Array.from({ length: 20_000 }, (_, index) => ({
      name: `n${index}`,
      reads: index === 0 ? [] : [`f${index - 1}/x`],
      writes: [`f${index}`],
    }));
    expect(buildGraph(chain.toReversed()).order[0]?.name).toBe('n0');
  });
});
