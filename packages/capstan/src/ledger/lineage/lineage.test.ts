import { routes } from '@capstan/api';
import { expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import type { Link } from './model.ts';
import { adapters, cause, DAY, setup, START } from './testing.ts';

const explanation = routes.lineage.explain.reply;

type Bench = Awaited<ReturnType<typeof setup>>;

function found<Found>(link: Link<Found>): Found {
  if ('found' in link) return link.found;
  throw new Error(`missing: ${link.missing}`);
}

/** A turn that a person asked for: data, model, verdict, rollout, served. */
async function turn(at: Bench) {
  const raw = await at.register(START - 30 * DAY);
  const where = { eventTimeBefore: START - 28 * DAY };
  const training = await at.datasets.derive({ project: 'shop', dataset: 'flights', from: raw, where, cause });
  const begun = await at.retraining.startByHand({
    project: 'shop',
    reason: 'the season changes',
    cause: { actor: 'ada' },
  });
  const { version, runId } = await at.makeVersion(training.id);
  const evaluation = await at.register(START - 10 * DAY);
  const ofTurn = async () => {
    const causationSeq = (await at.events.list({ cycle: begun.id, limit: 100 })).at(-1)?.seq ?? 0;
    return { actor: 'cycles', cycle: begun.id, causationSeq };
  };
  const verdict = await at.gates.evaluate({
    project: 'shop',
    model: 'm',
    version,
    evaluation,
    baselineProbability: 0.5,
    cause: await ofTurn(),
  });
  expect(verdict.status).toBe('pass');
  const rollout = await at.deployments.start(
    { deployment: 'shop-live', version, verdictId: verdict.id, inputAdapters: adapters },
    await ofTurn(),
  );
  await at.serve(1);
  at.advance(DAY);
  return { raw, training, begun, version, runId, verdict, rollout };
}

/** Served at once, by hand. */
async function byHand(at: Bench): Promise<void> {
  const { version } = await at.makeVersion(null);
  await at.deployments.start({ deployment: 'shop-live', version, guards: false }, { actor: 'bob' });
  await at.serve(1);
}

describeDatabases('explain', (open) => {
  test('an answer leads back to its revision, rollout, verdict, model, run, code, data, turn and first cause', async () => {
    const at = await setup(await open());
    const made = await turn(at);
    await at.answer();
    await at.predictions.recordOutcomes('shop-live', [{ id: 'shop-live:e1', label: 1, at: START + 2 * DAY }]);
    at.advance(DAY);
    await at.registry.removeAlias({ model: 'm', alias: 'champion', cause });

    const it = explanation.parse(await at.lineage.explain('shop-live:e1'));
    expect(it.answer).toMatchObject({
      id: 'shop-live:e1',
      role: 'champion',
      share: 1,
      threshold: 0.5,
      project: 'shop',
      predictedAt: START + DAY,
      value: expect.any(Number),
    });
    expect(it.others).toEqual([]);
    expect(found(it.outcome)).toEqual({ label: 1, at: START + 2 * DAY });
    expect(found(it.revision)).toMatchObject({
      number: 1,
      version: made.version,
      createdBy: 'cycles',
      inputAdapters: adapters,
    });
    const rollout = found(it.rollout);
    expect(rollout).toMatchObject({ id: made.rollout.id, state: 'promoted', guards: true, startedBy: 'cycles' });
    expect(rollout.decisions.map(({ verdict }) => verdict)).toEqual(['promote']);
    expect(found(it.modelVersion)).toMatchObject({
      model: 'm',
      version: made.version,
      digest: found(it.revision).modelDigest,
      aliasesThen: ['champion'],
      aliasesNow: [],
    });
    expect(found(it.run)).toMatchObject({ id: made.runId });
    expect(found(it.attempt)).toMatchObject({ id: 'sa_1', stage: 'train', command: 'python train.py' });
    expect(found(it.pipelineRun)).toMatchObject({ id: 'pr_1', doubt: null });
    expect(found(it.code)).toEqual({ digest: 'md5:1', gitCommit: 'c0ffee', declaration: 1, checkout: null });
    expect(found(it.environment)).toEqual({ key: 'env-1' });
    const [read, parent] = found(it.data);
    expect(read).toMatchObject({ versionId: made.training.id, isRead: true, digest: made.training.digest });
    expect(read?.parents).toEqual([{ versionId: made.raw, how: expect.stringContaining('before 2013-03-04') }]);
    expect(read?.files).toEqual(made.training.files);
    expect(parent).toMatchObject({ versionId: made.raw, isRead: false, parents: [] });
    expect(parent?.files[0]?.digest).toMatch(/^sha256:/);
    expect(found(it.verdict)).toEqual(made.verdict);
    // The other way round: where the data went.
    const used = await at.lineage.usage(made.training.id);
    expect(used.runs).toEqual([expect.objectContaining({ id: made.runId })]);
    expect(used.pipelineRuns).toMatchObject([{ id: 'pr_1', project: 'shop' }]);
    expect((await at.lineage.usage(made.raw)).derived).toEqual([
      expect.objectContaining({ versionId: made.training.id, how: expect.stringContaining('before 2013-03-04') }),
    ]);
    await expect(at.lineage.usage('dv_none')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const cycle = found(it.cycle);
    expect(cycle).toMatchObject({ id: made.begun.id, trigger: { kind: 'person', reason: 'the season changes' } });
    expect(cycle.decisions.map(({ decision }) => decision)).toContain('cool-down');
    const facts = found(it.events);
    expect(facts[0]).toMatchObject({ type: 'cycle.started', actor: 'ada' });
    expect(facts.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['cycle.step-entered', 'rollout.started', 'rollout.ended']),
    );
    expect(facts.map(({ seq }) => seq)).toEqual(facts.map(({ seq }) => seq).toSorted((a, b) => a - b));
  });

  test('what nobody recorded is said at its place', async () => {
    const at = await setup(await open());
    await byHand(at);
    await at.answer();
    const it = explanation.parse(await at.lineage.explain('shop-live:e0'));
    const outside = expect.stringMatching(
      /^no pipeline of Capstan made the run [0-9a-f]{32}: it was logged from outside$/,
    );
    expect(it).toMatchObject({
      outcome: { missing: 'no outcome has come in yet' },
      revision: { found: { createdBy: 'bob' } },
      verdict: { missing: 'no verdict: deployed with --no-guards by bob' },
      modelVersion: { found: { aliasesThen: [] } },
      run: { found: { status: 'RUNNING' } },
      attempt: { missing: outside },
      pipelineRun: { missing: outside },
      code: { missing: outside },
      environment: { missing: outside },
      data: { missing: outside },
      cycle: { missing: 'no turn of the cycle: the rollout was started by bob' },
    });
    expect(found(it.events).map(({ type }) => type)).toContain('rollout.started');

    await at.registry.deleteVersion({ model: 'm', version: 1, cause });
    const after = explanation.parse(await at.lineage.explain('shop-live:e0'));
    const deleted = { missing: expect.stringMatching(/^the model version m\/1 was deleted; its file was sha256:/) };
    expect(after).toMatchObject({ modelVersion: deleted, run: deleted, code: deleted, revision: { found: {} } });
  });

  test('a version registered after its training had ended is doubted', async () => {
    const at = await setup(await open());
    const { runId } = await at.makeVersion(await at.register(START - 30 * DAY));
    at.advance(1);
    const late = await at.registry.createVersion({ model: 'm', source: `runs:/${runId}/model`, runId, cause });
    await at.deployments.start({ deployment: 'shop-live', version: late.version, guards: false }, cause);
    await at.serve(1);
    await at.answer();
    const { pipelineRun } = await at.lineage.explain('shop-live:e0');
    expect(found(pipelineRun).doubt).toContain('registered while the attempt was not working');
  });

  test("the baseline's constant has no revision, and a shadow is found by its role", async () => {
    const at = await setup(await open());
    await byHand(at);
    await at.answer({ role: 'fallback', revision: 0 });
    await at.answer({ role: 'shadow' });
    const it = explanation.parse(await at.lineage.explain('shop-live:e0'));
    const constant = { missing: "the baseline's constant answered, since the breaker was open: no model took part" };
    expect(it).toMatchObject({
      revision: constant,
      rollout: constant,
      modelVersion: constant,
      data: constant,
      verdict: constant,
    });
    expect(it.others).toMatchObject([{ role: 'shadow', revision: 1 }]);
    expect((await at.lineage.explain('e0', 'shadow')).revision).toMatchObject({ found: { number: 1 } });
    await expect(at.lineage.replay({ id: 'shop-live:e0' })).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(at.lineage.explain('e0', 'canary')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      hint: 'It was answered by: fallback, shadow.',
    });
  });

  test('an unknown id is refused with what ids look like', async () => {
    const at = await setup(await open());
    await byHand(at);
    const refusal = {
      code: 'NOT_FOUND',
      message: "No prediction 'shop-live:x'",
      hint: expect.stringContaining('DEPLOYMENT:EXAMPLE'),
    };
    await expect(at.lineage.explain('shop-live:x')).rejects.toMatchObject(refusal);
    await expect(at.lineage.replay({ id: 'shop-live:x' })).rejects.toMatchObject(refusal);
  });
});

describeDatabases('replay', (open) => {
  test('the same model on the logged inputs answers bit for bit, conversions included', async () => {
    const at = await setup(await open());
    await turn(at);
    await at.answer();
    for (const id of ['shop-live:e0', 'shop-live:e1', 'shop-live:e2']) {
      const it = await at.lineage.replay({ id });
      expect(it, it.notes.join(' ')).toMatchObject({ isBitEqual: true, precision: 'FP32', batchRows: 3, adapters });
      // On some processors, one row alone differs in the last bits from the same row among others: then its batch counts.
      const counts = it.batch ?? it.alone;
      expect(counts).toMatchObject({ probability: it.answer.probability, ulps: 0, difference: 0, isBitEqual: true });
      expect(it.batch === null || !it.alone.isBitEqual).toBe(true);
    }
    const { inputs, notes } = await at.lineage.replay({ id: 'shop-live:e2' });
    expect(inputs).toMatchObject({ carrier: 'Zürich Air', origin: 'JFK', hour: Math.fround(9.2) });
    expect(inputs['distance']).toBe(Math.fround(Math.fround(54.1) * 1.609344 + 0.1));
    expect(notes).toEqual([expect.stringMatching(/^Bit-equal.* 3 rows/)]);
  });

  test('an answer that was recalibrated is replayed with the shift of then', async () => {
    const at = await setup(await open());
    await byHand(at);
    await at.answer({ shift: 0.37 });
    const it = await at.lineage.replay({ id: 'shop-live:e0' });
    expect(it, it.notes.join(' ')).toMatchObject({ isBitEqual: true, answer: { shift: 0.37 } });
  });

  test('a difference of one bit is named, alone and in the batch', async () => {
    const at = await setup(await open());
    await byHand(at);
    await at.answer({ plant: nextFloat });
    const it = await at.lineage.replay({ id: 'shop-live:e0' });
    expect(it).toMatchObject({
      isBitEqual: false,
      batchRows: 3,
      alone: { rows: 1, ulps: 1 },
      batch: { rows: 3, ulps: 1 },
    });
    expect(it.batch?.probability).toBeLessThan(it.answer.probability ?? 0);
    expect(it.notes[0]).toMatch(/^Different: .* 3 rows, 1 ulp away \(alone .*, 1 ulp away\)\.$/);
  });

  test('inputs that were not logged are missed', async () => {
    const at = await setup(await open());
    await byHand(at);
    await at.answer({ hasInputs: false });
    await expect(at.lineage.replay({ id: 'shop-live:e0' })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('the inputs of 0 of 1 rows'),
    });
  });
});

describeDatabases('replay where sums depend on the batch', (open) => {
  test('what differs alone is replayed in its batch', async () => {
    // Alone, every probability is the next smaller number: as a library that adds up in another order does.
    const at = await setup(await open(), (real) => ({
      flavor: real.flavor,
      async load(file) {
        const model = await real.load(file);
        return {
          inputs: model.inputs,
          outputs: model.outputs,
          close: () => model.close(),
          async predict(inputs) {
            const outputs = await model.predict(inputs);
            if ((inputs[0]?.shape[0] ?? 0) > 1) return outputs;
            return outputs.map((output) =>
              output.data instanceof Float32Array
                ? { ...output, data: output.data.map((it) => -nextFloat(-it)) }
                : output,
            );
          },
        };
      },
    }));
    await byHand(at);
    await at.answer();
    const it = await at.lineage.replay({ id: 'shop-live:e1' });
    expect(it).toMatchObject({
      isBitEqual: true,
      alone: { rows: 1, isBitEqual: false, ulps: 1 },
      batch: { rows: 3, isBitEqual: true },
    });
    expect(it.notes).toEqual([expect.stringMatching(/^Bit-equal in its batch of 3 rows/)]);
  });
});

/** The next number of single precision away from -∞. */
function nextFloat(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  view.setInt32(0, view.getInt32(0) + (value < 0 ? -1 : 1));
  return view.getFloat32(0);
}
