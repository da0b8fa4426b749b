// What is added in the benchmarks.
import { randomFillSync } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const GIBIBYTE = 1 << 30;
const PIECE = 64 << 20;
const PER_FOLDER = 1_000;
export const SMALL_FILES = 10_000;
export const SMALL_BYTES = 4_096;

/** One file of 1 GiB. */
export function writeLarge(path: string): void {
  const piece = randomFillSync(Buffer.allocUnsafe(PIECE));
  const file = openSync(path, 'w');
  for (let written = 0; written < GIBIBYTE; written += PIECE) writeSync(file, piece);
  closeSync(file);
}

/** Files that all differ, a thousand in each folder. */
export function writeMany(folder: string, count: number, bytes: number): void {
  const content = Buffer.alloc(bytes, 'x');
  for (let index = 0; index < count; index++) {
    const below = join(folder, String(Math.floor(index / PER_FOLDER)).padStart(4, '0'));
    if (index % PER_FOLDER === 0) mkdirSync(below, { recursive: true });
    content.write(`${index}\n`);
    writeFileSync(join(below, `${String(index).padStart(7, '0')}.bin`), content);
  }
}

/** The first of many, relative to their folder. */
export const FIRST_OF_MANY = join('0000', '0000000.bin');
