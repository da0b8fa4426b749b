// The system's ssh as a child, which answers for keys, hosts and passwords.
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { SshSettings } from './ssh-settings.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface SshProcess {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** What it has said of what went wrong. */
  complaint(): string;
}

const KEPT_CHARS = 4_000;

/** ssh asks a program for secrets, which tells them from its environment: they are in no file and in no list of arguments. */
const ASK = `#!/bin/sh
case "$1" in
  *assphrase*) printenv CAPSTAN_SSH_PASSPHRASE ;;
  *assword*) printenv CAPSTAN_SSH_PASSWORD ;;
  *) exit 1 ;;
esac
`;

/** Starts ssh with the other side's SFTP on its input and output. */
export function startSsh(settings: SshSettings, env: Env): SshProcess {
  const { args, host, password, passphrase } = settings;
  const ask = password === undefined && passphrase === undefined ? undefined : askProgram();
  const child = spawn('ssh', [...args, '-s', '--', host, 'sftp'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // Ctrl-C is for this process, which ends what is under way in order.
    detached: true,
    env: {
      ...env,
      ...(ask !== undefined && {
        SSH_ASKPASS: join(ask, 'ask'),
        SSH_ASKPASS_REQUIRE: 'force',
        CAPSTAN_SSH_PASSWORD: password,
        CAPSTAN_SSH_PASSPHRASE: passphrase,
      }),
    },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-KEPT_CHARS);
  });
  const tidy = (): void => {
    if (ask !== undefined) rmSync(ask, { recursive: true, force: true });
  };
  child.once('error', tidy);
  child.once('close', tidy);
  return { child, complaint: () => said.trim() };
}

function askProgram(): string {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-ssh-'));
  writeFileSync(join(folder, 'ask'), ASK, { mode: 0o700 });
  return folder;
}
