import { remoteError, type ObjectRemote, type RemoteCall, type RemoteFailure } from '#ports/object-remote';
import { SftpGone, SftpStatus } from './sftp-connection.ts';
import { STATUS } from './sftp-packets.ts';

/** What ssh says when it does not come to a connection, with what to do about it. */
const COMPLAINTS: readonly (readonly [RegExp, RemoteFailure, string])[] = [
  [
    /host key verification failed|no .* host key is known|remote host identification has changed/i,
    'refused',
    'Look at the key of the host and accept it once: ssh HOST.',
  ],
  [
    /permission denied|too many authentication failures|no supported authentication/i,
    'unknown caller',
    'Set keyfile, or user and password, in .dvc/config.local; or load your key: ssh-add.',
  ],
  [
    /subsystem request failed/i,
    'not offered',
    'Have the SFTP subsystem switched on there (sshd_config: Subsystem sftp).',
  ],
  [/does not speak SFTP/i, 'unfit', 'Have the shell there print nothing when it is not interactive.'],
  [/ENOENT/, 'not offered', 'Install the ssh program (openssh-client).'],
];

export function asRemoteError(
  at: Pick<ObjectRemote, 'name' | 'address'>,
  what: string,
  error: unknown,
  signal: RemoteCall['signal'],
): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof SftpGone) {
    const [, kind, hint] = COMPLAINTS.find(([words]) => words.test(error.complaint)) ?? [];
    return remoteError(at, kind ?? 'unreachable', what, { cause: error, ...(hint !== undefined && { hint }) });
  }
  if (!(error instanceof SftpStatus)) return error;
  const kinds: Readonly<Record<number, RemoteFailure>> = {
    [STATUS.noSuchFile]: 'not found',
    [STATUS.permissionDenied]: 'refused',
    [STATUS.unsupported]: 'not offered',
  };
  return remoteError(at, kinds[error.status] ?? 'unfit', what, { cause: error });
}
