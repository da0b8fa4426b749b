import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FIRST_OF_MANY, SMALL_BYTES, SMALL_FILES, writeLarge, writeMany } from './files.ts';
import { compare, type Bench, type Peer } from './peers.ts';

/** Adding, looking and bringing back. */
export function benchData(bench: Bench): void {
  const peers = bench.checkouts();
  const once = { rounds: 1, peers };
  const often = { rounds: bench.rounds, peers };
  const large = join(bench.home, 'large.bin');
  writeLarge(large);
  for (const { root } of peers) cpSync(large, join(root, 'large.bin'));
  compare('add one file of 1 GiB', '≥ 2.5×', { ...once, args: ['add', 'large.bin'] });
  for (const { root } of peers) writeMany(join(root, 'small'), SMALL_FILES, SMALL_BYTES);
  compare('add 10,000 files of 4 KiB', '≥ 6×', { ...once, args: ['add', 'small'] });
  compare('again after one changed', '≥ 6×', { ...often, args: ['add', 'small'] }, changeOne('changed'));
  compare('status after both', '≥ 6×', { ...often, args: ['status'] });
  compare('status after one changed', '-', { ...often, args: ['status'] }, changeOne('other'));
  for (const peer of peers) peer.run('add', 'small');
  compare('checkout of one changed file', '-', { ...often, args: ['checkout', 'small'] }, ({ root }) =>
    rmSync(join(root, 'small', FIRST_OF_MANY)),
  );
  compare('checkout of 10,000 files', '-', { ...often, args: ['checkout', 'small'] }, (peer) => peer.putAside('small'));
}

function changeOne(word: string): (peer: Peer, round: number) => void {
  return ({ root }, round) => writeFileSync(join(root, 'small', FIRST_OF_MANY), `${word} ${round}\n`);
}
