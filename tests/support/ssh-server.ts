// A real OpenSSH server for one key, on a free port of this machine, and an `ssh` that knows its host key.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './s3-server.ts';
import { emptyFolder } from './server.ts';

export interface SshServer {
  readonly port: number;
  readonly user: string;
  readonly keyFile: string;
  /** One that the server does not know. */
  readonly strangeKeyFile: string;
  /** PATH on which `ssh` knows the server's key: this user's own config is left alone. */
  readonly path: string;
  stop(): Promise<void>;
}

const START_MS = 20_000;

/** @param program as `findSshd` finds it */
export async function startSshServer(program: string): Promise<SshServer> {
  const home = emptyFolder();
  // sshd looks at who may write to the folders above its keys.
  chmodSync(home, 0o700);
  const [hostKey, keyFile, strangeKeyFile] = ['host', 'user', 'stranger'].map((name) => {
    const file = join(home, name);
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
    return file;
  }) as [string, string, string];
  writeFileSync(join(home, 'authorized'), readFileSync(`${keyFile}.pub`));
  const port = await freePort();
  const settings = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${hostKey}`,
    `AuthorizedKeysFile ${join(home, 'authorized')}`,
    'PidFile none',
    'UsePAM no',
    'StrictModes no',
    'PasswordAuthentication no',
    'Subsystem sftp internal-sftp',
    '',
  ];
  writeFileSync(join(home, 'sshd_config'), settings.join('\n'));
  // Made when the package starts its service, which no test does.
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true });
  const child = spawn(program, ['-D', '-e', '-f', join(home, 'sshd_config')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const until = Date.now() + START_MS;
  while (!(await isOpen(port))) {
    if (child.exitCode !== null || Date.now() > until) throw new Error(`sshd did not start: ${said}`);
    await sleep(20);
  }
  const known = readFileSync(`${hostKey}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
  writeFileSync(join(home, 'known_hosts'), `[127.0.0.1]:${port} ${known}\n`);
  mkdirSync(join(home, 'bin'));
  const ssh = spawnSync('sh', ['-c', 'command -v ssh'], { encoding: 'utf8' }).stdout.trim();
  const wrapper = `#!/bin/sh\nexec ${ssh} -F none -o UserKnownHostsFile=${join(home, 'known_hosts')} -o IdentitiesOnly=yes "$@"\n`;
  writeFileSync(join(home, 'bin', 'ssh'), wrapper, { mode: 0o755 });
  return {
    port,
    user: userInfo().username,
    keyFile,
    strangeKeyFile,
    path: [join(home, 'bin'), process.env['PATH']].join(delimiter),
    async stop() {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
