import { expect, test } from 'vitest';
import { createDescriptions } from './descriptions.ts';
import type { ServedState } from './served-state.ts';

const output = (name: string) => ({ name, datatype: 'FP32' as const, shape: [-1] });

test('a description is kept as long as it is true: a model may tell its outputs by its first answer', () => {
  const model = { inputs: [output('x')], outputs: [output('early')], flavor: 'python_function' };
  const second = { model: { ...model, outputs: [output('second')] }, signature: null, isOneRow: false };
  const deployment = {
    name: 'd',
    routes: [{ role: 'champion', revision: 1 }],
    context: { id: null, eventTime: null },
  };
  const revisions = new Map([
    [1, { model, signature: null, isOneRow: false }],
    [2, second],
  ]);
  const state = { deployment, revisions } as unknown as ServedState;
  const descriptions = createDescriptions();
  const first = descriptions.of(state);
  expect(first).toMatchObject({ name: 'd', revisions: [1, 2], outputs: [{ name: 'early' }] });
  expect(descriptions.of(state)).toBe(first);
  expect(descriptions.of(state, 2).outputs).toEqual([output('second')]);
  model.outputs = [output('late')];
  expect(descriptions.of(state).outputs).toEqual([output('late')]);
  expect(() => descriptions.of(state, 3)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
});
