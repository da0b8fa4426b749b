import { join } from 'node:path';
import { messageOf } from '../../packages/capstan/src/kernel/errors.ts';
import { startS3Server } from '../../tests/support/s3-server.ts';
import { ensureVersitygw } from '../../tools/tasks/ensure-servers.ts';
import { SMALL_BYTES, SMALL_FILES, writeMany } from './files.ts';
import { compare, type Bench, type Peer } from './peers.ts';

/** To remotes and back: a folder, and an S3 server on this machine where it can be had. */
export async function benchTransfers(bench: Bench): Promise<void> {
  const peers = bench.checkouts();
  for (const peer of peers) {
    writeMany(join(peer.root, 'small'), SMALL_FILES, SMALL_BYTES);
    peer.run('add', 'small');
  }
  overAndBack('a folder', '-', peers, ({ name }) => `url = ${join(bench.home, `${name}-remote`)}`);
  let program;
  try {
    program = await ensureVersitygw();
  } catch (error) {
    console.log(`push and pull to S3: not measured, ${messageOf(error)}`);
    return;
  }
  const server = await startS3Server(program);
  try {
    const { url, bucket, key, secret } = server;
    const settings = [`endpointurl = ${url}`, `access_key_id = ${key}`, `secret_access_key = ${secret}`];
    overAndBack('S3', '≥ 5×', peers, ({ name }) => [`url = s3://${bucket}/${name}`, ...settings].join('\n    '));
  } finally {
    await server.stop();
  }
}

function overAndBack(kind: string, goal: string, peers: readonly Peer[], settings: (peer: Peer) => string): void {
  const name = kind.replaceAll(/\W/g, '').toLowerCase();
  for (const peer of peers) peer.set(`\n['remote "${name}"']\n    ${settings(peer)}\n`);
  const once = { rounds: 1, peers };
  compare(`push 10,000 files of 4 KiB to ${kind}`, goal, { ...once, args: ['push', '--remote', name] });
  compare('again, with nothing to push', '-', { ...once, args: ['push', '--remote', name] });
  compare(`pull them from ${kind}`, goal, { ...once, args: ['pull', '--remote', name] }, (peer) => {
    peer.putAside('small');
    peer.putAside(join('.dvc', 'cache'));
  });
}
