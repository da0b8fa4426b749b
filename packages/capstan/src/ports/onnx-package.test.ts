import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LoadedModel, LoadOptions } from './model-runtime.ts';
import { loadOnnx, openOnnxFolder, weightsBeside } from './onnx-package.ts';

const digest = (letter: string) => `sha256:${letter.repeat(64)}` as const;
const blobs = { localFile: async (found: string) => `/blobs/${found.at(-1)}` };

test('weights are files of the model below its ONNX file, by exact name', async () => {
  const files = [
    { path: 'MLmodel', digest: digest('a') },
    { path: 'in/model.onnx', digest: digest('b') },
    { path: 'in/w.data', digest: digest('c') },
    { path: 'in/more/w', digest: digest('d') },
    { path: 'w', digest: digest('e') },
  ];
  const { weightsFile } = weightsBeside(files, digest('b'), blobs);
  const places = [
    'w.data',
    'more/w',
    '../w',
    'w',
    './w.data',
    'more/../w.data',
    '/w',
    'more//w',
    '',
    'model.onnx',
    'W.data',
  ];
  const found: (string | undefined)[] = [];
  for (const place of places) found.push(await weightsFile?.(place));
  expect(found).toEqual(['/blobs/c', '/blobs/d', ...Array.from({ length: 9 }, () => undefined)]);
});

test('a model with no files but those of MLflow has none', () => {
  const files = ['MLmodel', 'model.onnx', 'requirements.txt'].map((path, at) => ({ path, digest: digest(String(at)) }));
  expect(weightsBeside(files, digest('1'), blobs)).toEqual({});
});

test('a folder has the files that are in it, and links are none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-onnx-folder-'));
  mkdirSync(join(folder, 'sub'));
  const MLmodel = 'flavors:\n  onnx: {data: model.onnx}\n';
  for (const [path, text] of Object.entries({ MLmodel, 'model.onnx': 'x', 'sub/w': 'y' }))
    writeFileSync(join(folder, path), text);
  symlinkSync('/etc/passwd', join(folder, 'link'));
  const { file, options } = await openOnnxFolder(folder);
  expect(file).toBe(join(folder, 'model.onnx'));
  expect(await options.weightsFile?.('sub/w')).toBe(join(folder, 'sub/w'));
  expect(await options.weightsFile?.('link')).toBeUndefined();
  rmSync(join(folder, 'model.onnx'));
  await expect(openOnnxFolder(folder)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  rmSync(folder, { recursive: true });
});

test('what is loaded is the ONNX file of that digest, or the one that the MLmodel file of the whole names', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-onnx-blobs-'));
  const local = { localFile: async (found: string) => join(folder, found.at(-1) ?? '') };
  writeFileSync(join(folder, 'a'), 'flavors:\n  onnx: {data: in/model.onnx}\n');
  const files = [
    { path: 'MLmodel', digest: digest('a') },
    { path: 'in/model.onnx', digest: digest('b') },
    { path: 'in/w', digest: digest('c') },
  ];
  const loads: [string, string | undefined][] = [];
  const runtime = {
    flavor: 'onnx',
    async load(path: string, options?: LoadOptions) {
      loads.push([path, await options?.weightsFile?.('w')]);
      return {} as LoadedModel;
    },
  };
  await loadOnnx({ runtime, blobs: local }, { digest: digest('b'), files });
  await loadOnnx({ runtime, blobs: local }, { digest: digest('f'), files });
  await loadOnnx({ runtime, blobs: local }, { digest: digest('b'), files: [] });
  const [onnx, weights] = ['b', 'c'].map((name) => join(folder, name));
  expect(loads).toEqual([
    [onnx, weights],
    [onnx, weights],
    [onnx, undefined],
  ]);
  rmSync(folder, { recursive: true });
});
