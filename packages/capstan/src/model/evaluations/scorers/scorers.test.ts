import { describe, expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import { cause, openEvaluations } from '../testing.ts';
import { checkSerialized } from './check-scorer.ts';

describe('what a scorer may hold', () => {
  const codeOf = (scorer: unknown) => {
    try {
      checkSerialized(typeof scorer === 'string' ? scorer : JSON.stringify(scorer));
      return 'kept';
    } catch (error) {
      return (error as { code?: string }).code;
    }
  };
  const thirdParty = (kwargs: unknown) => ({ third_party_scorer_data: { kwargs } });
  const judge = (model: unknown) => ({ instructions_judge_pydantic_data: { model } });

  test.each([
    ['nothing', {}],
    ['a model of a provider', judge('openai:/gpt-4o')],
    ['no model', judge(null)],
    ['a source that is null', { call_source: null }],
    ['options of its own', thirdParty({ threshold: 0.5 })],
  ])('kept: %s', (_, scorer) => {
    expect(codeOf(scorer)).toBe('kept');
  });

  test.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['code', { call_source: 'return 1' }],
    ['code inside of an ensemble', { ensemble_scorer_data: { scorers: [{ call_source: '' }] } }],
    ['another address', thirdParty({ api_base: 'http://10.0.0.1' })],
    ['another address, deeper', { a: [thirdParty({ model_kwargs: [{ base_url: 'x' }] })] }],
    ['another address, as a pair', thirdParty({ completion_kwargs: [['api_base', 'x']] })],
    ['options that are none', thirdParty('api_base')],
    ['a model that is none', judge(5)],
    ['a model without a name', { memory_augmented_judge_data: { base_judge: judge(' ') } }],
    ['half a character', '{"a": "\ud800"}'],
  ])('refused: %s', (_, scorer) => {
    expect(codeOf(scorer)).toBe('INVALID_ARGUMENT');
  });

  test('a gateway that is not there is not found', () => {
    expect(codeOf({ builtin_scorer_pydantic_data: { model: 'gateway:/mine' } })).toBe('NOT_FOUND');
  });
});

describeDatabases('scorers', (open) => {
  const bench = async () => {
    const opened = await openEvaluations(await open());
    const register = (name: string, serialized = '{}', experimentId = '0') =>
      opened.evaluations.registerScorer({ experimentId, name, serialized, cause });
    return { ...opened, register };
  };

  test('numbers count up and do not come back, also when all versions were removed', async () => {
    const { evaluations, register, facts } = await bench();
    const first = await register('s', '{"v": 1}');
    await register('s', '{"v": 2}');
    await evaluations.deleteScorer({ experimentId: '0', name: 's', version: 2, cause });
    expect(await register('s', '{"v": 3}')).toMatchObject({ version: 3, scorerId: first.scorerId });
    expect(await evaluations.getScorer({ experimentId: '0', name: 's' })).toMatchObject({ serialized: '{"v": 3}' });
    await evaluations.deleteScorer({ experimentId: '0', name: 's', cause });
    expect(await evaluations.listScorers('0')).toEqual([]);
    await expect(evaluations.deleteScorer({ experimentId: '0', name: 's', cause })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(await register('s')).toMatchObject({ version: 4, scorerId: first.scorerId });
    expect(first.scorerId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(await facts()).toEqual([
      'scorer.registered',
      'scorer.registered',
      'scorer.deleted',
      'scorer.registered',
      'scorer.deleted',
      'scorer.registered',
    ]);
  });

  test('lists hold the newest of each, by experiment and name, of experiments that are not deleted', async () => {
    const { evaluations, experiments, register } = await bench();
    const second = (await experiments.createExperiment({ name: 'second', cause })).id;
    await register('b');
    await register('a');
    await register('a');
    await register('c', '{}', second);
    const texts = (found: readonly { name: string; version: number }[]) =>
      found.map((one) => `${one.name}/${one.version}`);
    expect(texts(await evaluations.listScorers('0'))).toEqual(['a/2', 'b/1']);
    expect(texts(await evaluations.listScorersOf(undefined))).toEqual(['a/2', 'b/1', 'c/1']);
    expect(texts(await evaluations.listScorersOf([second, '99']))).toEqual(['c/1']);
    await experiments.deleteExperiment({ id: second, cause });
    expect(texts(await evaluations.listScorersOf(undefined))).toEqual(['a/2', 'b/1']);
    await expect(evaluations.listScorers(second)).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(register('d', '{}', second)).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(evaluations.getScorer({ experimentId: '0', name: 'none' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(evaluations.deleteScorer({ experimentId: '0', name: 'a', version: 9, cause })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(register(' ')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('those registered at the same time have numbers of their own', async () => {
    const { register } = await bench();
    const made = await Promise.all(Array.from({ length: 10 }, () => register('s')));
    expect(made.map(({ version }) => version).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
});
