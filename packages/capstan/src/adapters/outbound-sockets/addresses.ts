// Which addresses are out in the Internet. After IANA's registries of special-purpose addresses (RFC 6890 and updates).
import { BlockList, isIP } from 'node:net';

const special = new BlockList();
for (const [prefix, bits] of [
  ['0.0.0.0', 8], // this network
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // shared by carriers (CGNAT)
  ['127.0.0.0', 8],
  ['169.254.0.0', 16], // link-local; cloud metadata
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24], // documentation
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24], // 6to4 relays
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15], // benchmarks
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, broadcast
] as const) {
  special.addSubnet(prefix, bits, 'ipv4');
}
/** Outside of 2000::/3 nothing is global unicast; inside, these are not. */
for (const [prefix, bits] of [
  ['2001::', 23], // protocol assignments; Teredo is unwrapped before
  ['2001:db8::', 32],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
] as const) {
  special.addSubnet(prefix, bits, 'ipv6');
}
const globalUnicast = new BlockList();
globalUnicast.addSubnet('2000::', 3, 'ipv6');

/**
 * Whether an IP address is of a machine in the Internet. IPv6 addresses that carry an IPv4 address (mapped, 6to4, NAT64,
 * Teredo, ISATAP) are as public as what they carry. False for what is no address.
 */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 4) return !special.check(address, 'ipv4');
  const words = wordsOf(address);
  if (!words) return false;
  const carried = carriedAddresses(words);
  if (!carried.every((inner) => !special.check(inner, 'ipv4'))) return false;
  const isWrapper = isMapped(words) || isNat64(words) || isTeredo(words);
  if (isWrapper) return true;
  return globalUnicast.check(address, 'ipv6') && !special.check(address, 'ipv6');
}

/** One spelling for each address, with mapped IPv4 unwrapped: to compare the peer with what was checked. */
export function canonicalAddress(address: string): string {
  const words = isIP(address) === 6 ? wordsOf(address) : undefined;
  if (!words) return address;
  return isMapped(words) ? dotted(words[6], words[7]) : words.map((word) => word.toString(16)).join(':');
}

type Words = readonly [number, number, number, number, number, number, number, number];

/** The eight 16-bit words of an IPv6 address; undefined for anything else, zones included. */
function wordsOf(address: string): Words | undefined {
  if (isIP(address) !== 6 || address.includes('%')) return undefined;
  // The URL parser writes a dotted tail as words, so that only the gap is left to fill.
  const text = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = text.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...gap, ...after].map((word) => Number.parseInt(word, 16)) as unknown as Words;
}

function carriedAddresses(words: Words): string[] {
  const last = dotted(words[6], words[7]);
  const carried: string[] = [];
  if (isMapped(words) || isNat64(words)) carried.push(last);
  if (words[0] === 0x2002) carried.push(dotted(words[1], words[2]));
  if (isTeredo(words)) carried.push(dotted(words[2], words[3]), dotted(words[6] ^ 0xffff, words[7] ^ 0xffff));
  if ((words[4] & 0xfdff) === 0 && words[5] === 0x5efe) carried.push(last);
  return carried;
}

/** `::ffff:a.b.c.d` */
function isMapped(words: Words): boolean {
  return words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff;
}

/** `64:ff9b::/96` (RFC 6052); the local-use `64:ff9b:1::/48` is inside. */
function isNat64(words: Words): boolean {
  return words[0] === 0x64 && words[1] === 0xff9b && words.slice(2, 6).every((word) => word === 0);
}

/** `2001::/32` (RFC 4380): server, and the client's address with its bits turned. */
function isTeredo(words: Words): boolean {
  return words[0] === 0x2001 && words[1] === 0;
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}
