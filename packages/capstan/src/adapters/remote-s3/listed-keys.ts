// A page of a bucket's list (ListObjectsV2). The answer is XML of one shape, of which keys alone are wanted.

export interface ListedKeys {
  readonly keys: readonly string[];
  /** Undefined on the last page. */
  readonly next: string | undefined;
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** @returns undefined for a text that is no such page */
export function readListedKeys(xml: string): ListedKeys | undefined {
  if (!/<ListBucketResult[\s>]/.test(xml) || !/<\/ListBucketResult>\s*$/.test(xml)) return undefined;
  const keys = Array.from(xml.matchAll(/<Key>([^<]*)<\/Key>/g), ([, key = '']) => plain(key));
  const [, token = ''] = /<NextContinuationToken>([^<]*)</.exec(xml) ?? [];
  const isLast = !/<IsTruncated>\s*true\s*</.test(xml);
  if (!isLast && token === '') return undefined;
  return { keys, next: isLast ? undefined : plain(token) };
}

function plain(text: string): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (all, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return NAMED[name] ?? all;
    return String.fromCodePoint(decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal));
  });
}
