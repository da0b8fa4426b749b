import { z } from 'zod';

const UNITS = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
};
const SIZE = /^(\d{1,15}(?:\.\d{1,6})?)\s?(B|KiB|MiB|GiB|TiB|kB|KB|MB|GB|TB)?$/;
const BINARY = ['TiB', 'GiB', 'MiB', 'KiB'] as const;

/** An amount of memory or disk as people write it (`512MiB`, `2GB`, or bytes), parsed to bytes. */
export const sizeText = z
  .string()
  .regex(SIZE, 'write bytes, or a number with its unit: KiB, MiB, GiB, kB, MB or GB, e.g. 512MiB')
  .transform((text) => {
    const [, amount, unit = 'B'] = SIZE.exec(text) ?? [];
    return Math.round(Number(amount) * UNITS[unit as keyof typeof UNITS]);
  });

/** The same, where a plain number is bytes already. */
export const size = z.union([z.int().min(0), sizeText], {
  error: 'write bytes, or a number with its unit: KiB, MiB, GiB, kB, MB or GB, e.g. 512MiB',
});

/** Writes bytes in the greatest binary unit that leaves no rest: 536870912 is `512MiB`. */
export function formatSize(bytes: number): string {
  const unit = BINARY.find((name) => bytes >= UNITS[name] && bytes % UNITS[name] === 0);
  return unit ? `${bytes / UNITS[unit]}${unit}` : `${bytes}B`;
}
