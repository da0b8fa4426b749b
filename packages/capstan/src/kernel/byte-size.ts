const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  K: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** Bytes as people write them: `500MB`, `8 GiB`, `1.5G`, `1024`; whole and above 0. Undefined for what is no such amount. */
export function bytesIn(text: string): number | undefined {
  const written = /^(\d+(?:\.\d+)?) ?([KMGT]i?)?B?$/.exec(text.trim());
  const bytes = Math.round(Number(written?.[1] ?? Number.NaN) * (UNITS[written?.[2] ?? ''] ?? 1));
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined;
}
