import { expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import { cause, idOf, openTraces, sentSpan } from '../testing.ts';
import type { NewAssessment } from '../index.ts';

const by = { type: 'HUMAN', id: 'bob' } as const;
const feedback = (name: string, value: unknown, rest: Partial<NewAssessment> = {}): NewAssessment => ({
  kind: 'feedback',
  name,
  value,
  source: by,
  ...rest,
});

describeDatabases('assessments', (open) => {
  const bench = async () => {
    const opened = await openTraces(await open());
    await opened.traces.logSpans({ experimentId: '0', spans: [sentSpan({ trace: 1 }), sentSpan({ trace: 2 })], cause });
    const create = (assessment: NewAssessment) =>
      opened.traces.createAssessment({ traceId: idOf(1), assessment, cause });
    return { ...opened, create };
  };

  test('any JSON comes back as it was', async () => {
    const { traces, create } = await bench();
    for (const value of [null, 1, 0.5, 'yes', true, [1, { a: 'ä' }], { deep: [null] }]) {
      const { id } = await create(feedback('q', value));
      expect((await traces.getAssessment(idOf(1), id)).value).toEqual(value);
    }
  });

  test('those of one moment come in the order in which they were made', async () => {
    const { traces, create } = await bench();
    const names = Array.from({ length: 20 }, (_, index) => `q${index}`);
    for (const name of names) await create(feedback(name, 1, { createdAt: 1_700_000_000_000 }));
    const { assessments } = await traces.getTraceInfo(idOf(1));
    expect(assessments.map(({ name }) => name)).toEqual(names);
    expect(assessments.map(({ id }) => id).filter((id) => !/^a-[0-9a-f]{32}$/.test(id))).toEqual([]);
  });

  test('one that overrides another stands in for it, until it is removed', async () => {
    const { traces, create } = await bench();
    const first = await create(feedback('q', 1));
    const second = await create(feedback('q', 2, { overrides: first.id }));
    expect((await traces.getAssessment(idOf(1), first.id)).isValid).toBe(false);
    await traces.deleteAssessment({ traceId: idOf(1), id: second.id, cause });
    await traces.deleteAssessment({ traceId: idOf(1), id: second.id, cause });
    expect((await traces.getAssessment(idOf(1), first.id)).isValid).toBe(true);
  });

  test('a change keeps what it does not name, and merges metadata', async () => {
    const { traces, create, facts } = await bench();
    const { id } = await create(feedback('q', 1, { rationale: 'why', metadata: { a: '1' }, spanId: 'ab' }));
    const value = { kind: 'feedback', value: 2 } as const;
    await traces.updateAssessment({ traceId: idOf(1), id, value, metadata: { b: '2' }, cause });
    expect(await traces.getAssessment(idOf(1), id)).toMatchObject({
      name: 'q',
      value: 2,
      rationale: 'why',
      spanId: 'ab',
      metadata: { a: '1', b: '2' },
    });
    expect(await facts()).toEqual(['traces.logged', 'trace.assessed', 'trace.assessed']);
  });

  test('refusals change nothing', async () => {
    const { traces, create, facts } = await bench();
    const { id } = await create(feedback('q', 1));
    const other = { traceId: idOf(2), cause };
    const codes = await Promise.all(
      [
        create(feedback('q', 1, { overrides: 'a-none' })),
        traces.getAssessment(idOf(2), id),
        traces.getAssessment('tr-none', id),
        traces.updateAssessment({ traceId: idOf(1), id, value: { kind: 'expectation', value: 2 }, cause }),
        traces.createAssessment({ ...other, assessment: feedback('q', 1, { id }) }),
        create(feedback('n'.repeat(251), 1)),
      ].map((act) =>
        act.then(
          () => 'taken',
          (error: { code?: string }) => error.code,
        ),
      ),
    );
    expect(codes).toEqual([
      'NOT_FOUND',
      'NOT_FOUND',
      'NOT_FOUND',
      'INVALID_ARGUMENT',
      'ALREADY_EXISTS',
      'INVALID_ARGUMENT',
    ]);
    expect(await facts()).toEqual(['traces.logged', 'trace.assessed']);
    expect((await traces.getTraceInfo(idOf(2))).assessments).toEqual([]);
  });
});
