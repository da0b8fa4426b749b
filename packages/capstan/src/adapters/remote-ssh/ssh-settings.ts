// What the options of an SSH remote mean, as dvc reads them.
import { remoteError, type RemoteSettings } from '#ports/object-remote';

export interface SshSettings {
  readonly name: string;
  readonly address: string;
  readonly host: string;
  /** On the other machine; absolute. */
  readonly folder: string;
  /** Of the ssh program, before the host. */
  readonly args: readonly string[];
  readonly password: string | undefined;
  readonly passphrase: string | undefined;
}

const TIMEOUT_S = 60;
const ALIVE_S = 15;

/** @throws DomainError INVALID_ARGUMENT for an url without a host */
export function sshSettings({ name, url, options }: RemoteSettings): SshSettings {
  const parsed = /^ssh:\/\/(?:([^@/]*)@)?(\[[0-9a-f:]+\]|[^:/]+)(?::(\d+))?(\/.*)?$/i.exec(url);
  const [, userInfo = '', hostText = '', portText, path = '/'] = parsed ?? [];
  const [userText = '', passwordText] = userInfo.split(':').map(decodeURIComponent);
  const get = (option: string): string | undefined => options.get(option) || undefined;
  const user = get('user') ?? (userText || undefined);
  const port = get('port') ?? portText;
  const host = hostText.replaceAll(/^\[|\]$/g, '');
  const address = `ssh://${user === undefined ? '' : `${user}@`}${hostText}${port === undefined ? '' : `:${port}`}${path}`;
  if (host === '' || host.startsWith('-')) {
    throw remoteError({ name, address: url.replace(/\/\/[^@/]*@/, '//') }, 'unfit', 'an address without a host', {
      hint: 'Write ssh://USER@HOST/PATH.',
    });
  }
  const keyFile = get('keyfile');
  const password = get('password') ?? passwordText;
  const passphrase = get('passphrase');
  const isOff = (option: string): boolean => get(option)?.toLowerCase() === 'false';
  return {
    name,
    address: address.replace(/\/$/, ''),
    host,
    folder: path.replace(/\/+$/, ''),
    password,
    passphrase,
    args: [
      ...(user === undefined ? [] : ['-l', user]),
      ...(port === undefined ? [] : ['-p', port]),
      ...(keyFile === undefined ? [] : ['-i', keyFile]),
      ...(isOff('allow_agent') ? ['-oIdentityAgent=none'] : []),
      ...(get('gss_auth')?.toLowerCase() === 'true' ? ['-oGSSAPIAuthentication=yes'] : []),
      // Nobody is there to answer a question, unless the settings do.
      `-oBatchMode=${password === undefined && passphrase === undefined ? 'yes' : 'no'}`,
      '-oNumberOfPasswordPrompts=1',
      `-oConnectTimeout=${get('timeout') ?? TIMEOUT_S}`,
      `-oServerAliveInterval=${ALIVE_S}`,
      '-oServerAliveCountMax=4',
    ],
  };
}
