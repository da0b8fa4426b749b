import { expect, test } from 'vitest';
import { assertTransition, isTerminal } from './state-machine.ts';

const transitions = { open: ['closed'], closed: [] } as const;

test('what may follow, may; what may not says what could', () => {
  expect(() => assertTransition(transitions, 'door d1', 'open', 'closed')).not.toThrow();
  expect(() => assertTransition(transitions, 'door d1', 'open', 'open')).toThrow(
    expect.objectContaining({ code: 'CONFLICT', hint: 'it may become: closed' }),
  );
  expect(() => assertTransition(transitions, 'door d1', 'closed', 'open')).toThrow(
    expect.objectContaining({ hint: 'it has ended' }),
  );
});

test('a state that nothing follows is terminal', () => {
  expect(isTerminal(transitions, 'closed')).toBe(true);
  expect(isTerminal(transitions, 'open')).toBe(false);
});
