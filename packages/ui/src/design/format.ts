// How figures are written. One place, so that the same thing looks the same on every screen.

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const dayMs = 86_400_000;

/** 1,234 */
export function count(value: number): string {
  return whole.format(value);
}

/** Four significant digits; very large and very small ones with an exponent. */
export function figure(value: number | 'NaN' | null | undefined): string {
  if (value === null || value === undefined) return '–';
  if (value === 'NaN' || Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e7 || size < 1e-4)) return minus(value.toExponential(2));
  if (Number.isInteger(value)) return minus(whole.format(value));
  const digits = size >= 1_000 ? 0 : Math.max(0, 3 - Math.floor(Math.log10(size)));
  return minus(value.toLocaleString('en', { maximumFractionDigits: Math.min(6, digits) }));
}

/** 5 %, 12.5 %, 0.02 % */
export function percent(share: number): string {
  const value = share * 100;
  const digits = value !== 0 && Math.abs(value) < 1 ? 2 : Math.abs(value) < 10 ? 1 : 1;
  return `${minus(value.toLocaleString('en', { maximumFractionDigits: digits }))} %`;
}

/** $1,240 or −$0.04: more digits for small amounts. */
export function money(amount: number, currency: string, isSigned = false): string {
  const digits = Math.abs(amount) < 10 ? 2 : 0;
  const text = new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    ...(isSigned && { signDisplay: 'exceptZero' as const }),
  });
  return minus(text.format(amount));
}

/** 12.3 MB */
export function bytes(size: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = size;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${unit === 0 ? whole.format(value) : value.toPrecision(3)} ${units[unit] ?? ''}`;
}

/** 41 s, 3 min 20 s, 7 d */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  const parts: string[] = [];
  let left = Math.round(ms / 1_000);
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
    ['s', 1],
  ] as const) {
    if (left >= size && parts.length < 2) {
      parts.push(`${Math.floor(left / size)} ${unit}`);
      left %= size;
    } else if (parts.length > 0) break;
  }
  return parts.join(' ');
}

/** 2013-05-01 07:30 UTC; without the time where it is midnight. */
export function moment(at: number): string {
  const iso = new Date(at).toISOString();
  return at % dayMs === 0 ? iso.slice(0, 10) : `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}

/** The first part of a digest or a long id; the whole one belongs in its title. */
export function short(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 8);
}

/** A word and its count: 1 row, 3 rows. */
export function counted(value: number, singular: string, plural = `${singular}s`): string {
  return `${count(value)} ${value === 1 ? singular : plural}`;
}

/** A hyphen is too short to be read as a sign. */
function minus(text: string): string {
  return text.replace('-', '−');
}
