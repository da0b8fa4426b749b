import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256 } from '#kernel/digest';
import type { ControlPlane } from './control-plane.ts';
import { createModelFiles } from './model-files.ts';
import { createModelSignatures } from './model-signatures.ts';

let root = '';
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'capstan-model-files-'))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

const digestOf = (text: string) => `sha256:${sha256(text)}` as const;
const listDigest = digestOf('the list');

/** A control plane with these files, by path; `sent` counts what it gave out. */
function setup(files: Readonly<Record<string, string>>) {
  const state = { sent: [] as string[], isAway: false };
  const texts = new Map(Object.values(files).map((text) => [digestOf(text) as string, text]));
  const away = (): void => {
    if (state.isAway) throw new Error('the control plane is away');
  };
  const controlPlane: Pick<ControlPlane, 'modelPackage' | 'download'> = {
    async modelPackage() {
      away();
      const entries = Object.entries(files);
      return { files: entries.map(([path, text]) => ({ path, digest: digestOf(text), sizeBytes: text.length })) };
    },
    async download(digest, path) {
      away();
      state.sent.push(digest);
      writeFileSync(path, texts.get(digest) ?? 'other bytes');
    },
  };
  const open = () => createModelFiles(root, controlPlane as ControlPlane, new AbortController().signal);
  return { state, open };
}

test('a package is a folder, fetched once; a damaged file is fetched again', async () => {
  const { state, open } = setup({ MLmodel: 'flavors', 'code/a.py': 'a = 1' });
  const folder = await open().folder(listDigest);
  expect(readFileSync(join(folder, 'code', 'a.py'), 'utf8')).toBe('a = 1');
  await open().folder(listDigest);
  expect(state.sent).toHaveLength(2);
  writeFileSync(join(folder, 'MLmodel'), 'flav');
  await open().folder(listDigest);
  expect(readFileSync(join(folder, 'MLmodel'), 'utf8')).toBe('flavors');
});

test('what was fetched is there again while the control plane is away', async () => {
  const { state, open } = setup({ MLmodel: 'flavors' });
  const folder = await open().folder(listDigest);
  state.isAway = true;
  expect(await open().folder(listDigest)).toBe(folder);
});

test('a path that leaves the folder is refused, and bytes of another digest are not kept', async () => {
  await expect(setup({ '../evil': 'x' }).open().folder(listDigest)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  rmSync(root, { recursive: true });
  await expect(setup({}).open().file(listDigest)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(readdirSync(root)).toEqual([]);
});

test('nothing stays of what is removed', async () => {
  const { open } = setup({ MLmodel: 'flavors' });
  await open().folder(listDigest);
  await open().remove(listDigest);
  expect(readdirSync(root)).toEqual([]);
});

describe('the signature of an ONNX model', () => {
  const silent = { warn: () => {} };
  const route = { flavor: 'onnx', digest: digestOf('model'), package: listDigest } as const;
  const MLmodel = `signature:\n  inputs: '[{"type": "long", "name": "age"}]'\n`;

  test('is that of its MLmodel file, which is the only one fetched, and stays while the control plane is away', async () => {
    const { state, open } = setup({ MLmodel, 'model.onnx': 'bytes' });
    const told = [{ kind: 'column', name: 'age', type: 'long', isRequired: true }];
    expect(await createModelSignatures(open(), silent).of(route)).toEqual(told);
    expect(state.sent).toEqual([digestOf(MLmodel)]);
    state.isAway = true;
    const again = createModelSignatures(open(), silent);
    expect(await again.of(route)).toEqual(told);
    await again.keepOnly(new Set());
    expect(readdirSync(root)).toEqual([]);
  });

  test('is asked for again where it could not be had', async () => {
    const { state, open } = setup({ MLmodel });
    const signatures = createModelSignatures(open(), silent);
    state.isAway = true;
    expect(await signatures.of(route)).toBeUndefined();
    state.isAway = false;
    expect(await signatures.of(route)).toHaveLength(1);
  });

  test.each([
    ['without an MLmodel file', {}, route],
    ['whose MLmodel file has none', { MLmodel: 'flavors: {}' }, route],
    ['whose MLmodel file cannot be read', { MLmodel: 'signature: {inputs: "{"}' }, route],
    ['of a file alone', { MLmodel }, { ...route, package: null }],
    ['that is no ONNX model', { MLmodel }, { ...route, flavor: 'python_function' as const }],
  ])('is none for a model %s', async (_, files, of) => {
    expect(await createModelSignatures(setup(files).open(), silent).of(of)).toBeNull();
  });
});
