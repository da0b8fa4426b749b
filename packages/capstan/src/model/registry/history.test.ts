import { expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import { cause, openRegistry } from './testing.ts';

const ann = { actor: 'person:ann' };

describeDatabases('history of the registry', (open) => {
  test('says who made which alias, stage, tag and description what it is, and what it was before', async () => {
    const { registry, register, events } = await openRegistry(await open());
    await registry.createModel({ name: 'm', description: 'first', tags: [{ key: 'team', value: 'ops' }], cause });
    await register('m');
    await registry.describeModel({ name: 'm', description: 'second', cause: ann });
    await registry.describeModel({ name: 'm', description: 'second', cause: ann });
    await registry.setModelTag({ name: 'm', tag: { key: 'team', value: 'ml' }, cause: ann });
    await registry.removeModelTag({ name: 'm', key: 'team', cause: ann });
    await registry.describeVersion({ model: 'm', version: 1, description: 'good', cause: ann });
    await registry.setVersionTag({ model: 'm', version: 1, tag: { key: 'ok', value: 'yes' }, cause: ann });
    await registry.setVersionTag({ model: 'm', version: 1, tag: { key: 'ok', value: 'no' }, cause: ann });
    await registry.removeVersionTag({ model: 'm', version: 1, key: 'ok', cause: ann });
    await registry.moveToStage({ model: 'm', version: 1, stage: 'production', archivesOthers: false, cause: ann });
    await registry.setAlias({ model: 'm', alias: 'champion', version: 1, reason: 'best', cause: ann });

    const entries = (await registry.history({ model: 'm', limit: 100 })).toReversed();
    expect(entries.map(({ kind, version, key, from, to, actor }) => [kind, version, key, from, to, actor])).toEqual([
      ['model.created', null, '', null, 'm', 'test'],
      ['description.set', null, '', null, 'first', 'test'],
      ['tag.set', null, 'team', null, 'ops', 'test'],
      ['version.created', 1, '', null, expect.stringMatching(/^models:\/m-/), 'test'],
      ['description.set', null, '', 'first', 'second', 'person:ann'],
      ['tag.set', null, 'team', 'ops', 'ml', 'person:ann'],
      ['tag.removed', null, 'team', 'ml', null, 'person:ann'],
      ['description.set', 1, '', null, 'good', 'person:ann'],
      ['tag.set', 1, 'ok', null, 'yes', 'person:ann'],
      ['tag.set', 1, 'ok', 'yes', 'no', 'person:ann'],
      ['tag.removed', 1, 'ok', 'no', null, 'person:ann'],
      ['stage.set', 1, '', 'None', 'Production', 'person:ann'],
      ['alias.set', 1, 'champion', null, '1', 'person:ann'],
    ]);
    expect(entries.at(-1)).toMatchObject({ reason: 'best', model: 'm' });
    // Each entry is a fact of the chain, which so keeps what it says from being changed unseen.
    const fact = await events.get(entries.at(-2)?.eventSeq ?? 0);
    expect(fact).toMatchObject({ type: 'model-version.updated', payload: { stage: 'Production' } });
    const first = await events.get(entries[0]?.eventSeq ?? 0);
    expect(first.payload).toEqual({ model: 'm', description: 'first', values: { team: 'ops' } });
    expect(await registry.changesOf(first.seq)).toHaveLength(3);
  });

  test('is read in parts: by version, kind, key, time and page', async () => {
    const { registry, register, advance } = await openRegistry(await open());
    await registry.createModel({ name: 'm', cause });
    await register('m');
    await register('m');
    await registry.setAlias({ model: 'm', alias: 'champion', version: 1, cause });
    advance(1_000);
    await registry.setAlias({ model: 'm', alias: 'champion', version: 2, cause });
    await registry.setVersionTag({ model: 'm', version: 2, tag: { key: 'a', value: 'b' }, cause });
    const kinds = async (query: Omit<Parameters<typeof registry.history>[0], 'model' | 'limit'>) =>
      (await registry.history({ model: 'm', limit: 100, ...query })).map(
        ({ kind, to }) => `${kind} ${to?.slice(0, 1)}`,
      );
    // Of an alias that moved on, the version that lost it hears too.
    expect(await kinds({ version: 1 })).toEqual(['alias.set 2', 'alias.set 1', 'version.created m']);
    expect(await kinds({ version: 2 })).toEqual(['tag.set b', 'alias.set 2', 'version.created m']);
    expect(await kinds({ kinds: ['alias.set'], key: 'champion' })).toEqual(['alias.set 2', 'alias.set 1']);
    expect(await kinds({ until: 1_700_000_000_000, kinds: ['alias.set'] })).toEqual(['alias.set 1']);
    const [newest, ...older] = await registry.history({ model: 'm', limit: 100 });
    expect(await registry.history({ model: 'm', before: newest?.seq, limit: 2 })).toEqual(older.slice(0, 2));
  });

  test('tells which version an alias meant at any time', async () => {
    const { registry, register, advance } = await openRegistry(await open());
    const start = 1_700_000_000_000;
    await registry.createModel({ name: 'm', cause });
    await register('m');
    await register('m');
    advance(10);
    await registry.setAlias({ model: 'm', alias: 'champion', version: 1, cause });
    advance(10);
    await registry.setAlias({ model: 'm', alias: 'champion', version: 2, cause: ann });
    advance(10);
    await registry.removeAlias({ model: 'm', alias: 'champion', cause });
    const meant = async (at: number) => (await registry.aliasAt('m', 'champion', start + at)).version;
    expect([await meant(0), await meant(10), await meant(19), await meant(20), await meant(29)]).toEqual([
      null,
      1,
      1,
      2,
      2,
    ]);
    expect(await meant(30)).toBeNull();
    expect(await registry.aliasAt('m', 'champion', start + 25)).toMatchObject({
      move: { actor: 'person:ann', from: 1 },
    });
    expect(await registry.aliasAt('m', 'other', start + 25)).toEqual({ version: null, move: null });
    await expect(registry.aliasAt('nowhere', 'champion', start)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('outlives a rename: it goes with the model, and the old name keeps what happened under it', async () => {
    const { registry, register, advance } = await openRegistry(await open());
    const start = 1_700_000_000_000;
    await registry.createModel({ name: 'old', cause });
    await register('old');
    await registry.setAlias({ model: 'old', alias: 'champion', version: 1, cause });
    advance(10);
    await registry.renameModel({ name: 'old', newName: 'new', cause: ann });
    advance(10);
    await register('new');
    await registry.setAlias({ model: 'new', alias: 'champion', version: 2, cause });
    const kinds = async (model: string) =>
      (await registry.history({ model, limit: 10 })).map((entry) => `${entry.model} ${entry.kind}`);
    expect(await kinds('new')).toEqual([
      'new alias.set',
      'new version.created',
      'old model.renamed',
      'old alias.set',
      'old version.created',
      'old model.created',
    ]);
    expect(await kinds('old')).toEqual([
      'old model.renamed',
      'old alias.set',
      'old version.created',
      'old model.created',
    ]);
    expect((await registry.aliasAt('new', 'champion', start)).version).toBe(1);
    expect((await registry.aliasAt('old', 'champion', start)).version).toBe(1);
    expect((await registry.aliasAt('old', 'champion', start + 10)).version).toBeNull();
    expect((await registry.aliasAt('new', 'champion', start + 15)).version).toBe(1);

    await registry.createModel({ name: 'old', cause });
    const { version } = await register('old');
    await registry.setAlias({ model: 'old', alias: 'champion', version, cause });
    expect((await registry.aliasAt('old', 'champion', start + 20)).version).toBe(version);
    await registry.renameModel({ name: 'new', newName: 'newer', cause });
    await registry.setAlias({ model: 'newer', alias: 'champion', version: 1, cause });
    expect((await registry.aliasAt('old', 'champion', start + 20)).version).toBe(version);
  });

  test('outlives deletion, of a version and of the model, and says what went with it', async () => {
    const { registry, register, advance } = await openRegistry(await open());
    const start = 1_700_000_000_000;
    await registry.createModel({ name: 'm', cause });
    await register('m');
    await register('m');
    await registry.setAlias({ model: 'm', alias: 'champion', version: 2, cause });
    await registry.setAlias({ model: 'm', alias: 'challenger', version: 1, cause });
    advance(10);
    await registry.deleteVersion({ model: 'm', version: 1, cause });
    await registry.deleteModel({ name: 'm', cause: ann });
    const entries = await registry.history({ model: 'm', limit: 5 });
    expect(entries.map(({ kind, key, from, version, actor }) => [kind, key, from, version, actor])).toEqual([
      ['model.deleted', '', 'm', null, 'person:ann'],
      ['version.deleted', '', null, 2, 'person:ann'],
      ['alias.removed', 'champion', '2', 2, 'person:ann'],
      ['version.deleted', '', expect.stringMatching(/^models:/), 1, 'test'],
      ['alias.removed', 'challenger', '1', 1, 'test'],
    ]);
    expect((await registry.aliasAt('m', 'champion', start)).version).toBe(2);
    expect((await registry.aliasAt('m', 'champion', start + 10)).version).toBeNull();
    await registry.createModel({ name: 'm', cause });
    expect((await registry.aliasAt('m', 'champion', start)).version).toBe(2);
    await expect(registry.history({ model: 'never', limit: 5 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('keeps long values whole; the chain keeps their digest', async () => {
    const { registry, events } = await openRegistry(await open());
    const text = 'ä'.repeat(50_000);
    await registry.createModel({ name: 'm', cause });
    await registry.setModelTag({ name: 'm', tag: { key: 'long', value: text }, cause });
    const [entry] = await registry.history({ model: 'm', limit: 1 });
    expect(entry?.to).toBe(text);
    const { values } = (await events.get(entry?.eventSeq ?? 0)).payload as { values: Record<string, string> };
    expect(values['long']).toMatch(/^ä{200}… \(50000 characters, sha256:[0-9a-f]{64}\)$/);
  });
});
