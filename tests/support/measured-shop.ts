// A project with measurements, and a model whose answers one knows: y is x and one.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAnalyticsDuckdb } from '../../packages/capstan/src/adapters/analytics-duckdb/index.ts';
import { deploy, registerOnnxFile } from './served-models.ts';
import { capstan, emptyFolder } from './server.ts';

export const PROJECT = 'measured';

const DECLARATION = `project: ${PROJECT}
charter:
  owner: tests
  decision: none
  value: {currency: USD, true_positive: 1, false_positive: -1, false_negative: -1, true_negative: 0}
datasets:
  points: {path: data/points.parquet, key: [id]}
  notes: {path: data/notes.csv, key: [id]}
  answers: {path: predicted/answers.parquet, key: [id]}
  texts: {path: predicted/texts.csv}
`;

const analytics = createAnalyticsDuckdb({ temporaryFolder: emptyFolder() });

/** Rows of a Parquet or CSV file. */
export async function rowsIn(path: string, sql = 'select * from t'): Promise<Record<string, unknown>[]> {
  const format = path.endsWith('.csv') ? 'csv' : 'parquet';
  return await analytics.query({ tables: { t: [{ path, format, label: path }] }, sql });
}

/** `points`: id, x, note; x is the id and a half. `notes`: the same as CSV, with a text for x in one row. */
export async function writeShop(points: number): Promise<string> {
  const folder = emptyFolder();
  mkdirSync(join(folder, 'data'));
  writeFileSync(join(folder, 'capstan.yaml'), DECLARATION);
  await writePoints(folder, points);
  const lines = Array.from({ length: 100 }, (_, id) => `${id},${id === 41 ? 'forty-one' : id + 0.5}`);
  writeFileSync(join(folder, 'data', 'notes.csv'), `id,x\n${lines.join('\n')}\n`);
  return folder;
}

async function writePoints(folder: string, points: number): Promise<void> {
  const sql = `select i as id, cast(i + 0.5 as float) as x, 'n' || (i % 7) as note from range($points) t(i)`;
  const path = join(folder, 'data', 'points.parquet');
  await analytics.write({ tables: {}, sql, parameters: { points } }, { path, format: 'parquet' });
}

/** Applies the project and registers its data. */
export async function registerShop(url: string, folder: string): Promise<void> {
  for (const args of [
    ['apply', '--file', join(folder, 'capstan.yaml')],
    ['datasets', 'register', PROJECT, 'points'],
    ['datasets', 'register', PROJECT, 'notes'],
  ]) {
    const { code, err } = await capstan(args, url);
    if (code !== 0) throw new Error(`${args.join(' ')}: ${err}`);
  }
}

/** The same, and serves `plus-one` as revision 1 of `plus`. */
export async function openShop(url: string, folder: string): Promise<void> {
  await registerShop(url, folder);
  await serve(url, 'plus-one');
}

/** One more version of `plus`. */
export async function registerPlus(url: string, file: 'plus-one' | 'plus-two'): Promise<void> {
  await registerOnnxFile(url, 'plus', fileURLToPath(new URL(`models/${file}.onnx`, import.meta.url)));
}

/** The same, as the champion. */
export async function serve(url: string, file: 'plus-one' | 'plus-two'): Promise<void> {
  await registerPlus(url, file);
  await deploy(url, 'plus');
}
