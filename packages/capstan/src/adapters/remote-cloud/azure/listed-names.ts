// A page of a container's list. The answer is XML of one shape, of which names alone are wanted.

export interface ListedPage {
  readonly names: readonly string[];
  /** Undefined on the last page. */
  readonly next: string | undefined;
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Names of files; folders of accounts with a hierarchical namespace are left out. */
export function readListedPage(xml: string): ListedPage {
  const names: string[] = [];
  for (const [, blob = ''] of xml.matchAll(/<Blob>(.*?)<\/Blob>/gs)) {
    const [, encoded, name] = /<Name( Encoded="true")?>(.*?)<\/Name>/s.exec(blob) ?? [];
    const isFolder = /<ResourceType>directory</.test(blob);
    if (name === undefined || isFolder || name.endsWith('/')) continue;
    // Where XML cannot hold a character, the whole name is encoded.
    names.push(encoded === undefined ? plain(name) : decodeURIComponent(plain(name)));
  }
  const [, next] = /<NextMarker>(.*?)<\/NextMarker>/s.exec(xml) ?? [];
  return { names, next: next === undefined || next === '' ? undefined : plain(next) };
}

function plain(text: string): string {
  return text.replaceAll(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (all, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return NAMED[name] ?? all;
    return String.fromCodePoint(decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal));
  });
}
