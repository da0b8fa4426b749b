import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { onnxPathIn, openOnnxFolder, weightsBeside } from './onnx-package.ts';

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
  expect(onnxPathIn('flavors: {python_function: {}}')).toBeUndefined();
});
