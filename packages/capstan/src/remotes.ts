// Composition of the commands that work in a checkout: which adapter reaches which remote. Each loads when it is asked for.
import { DomainError } from '#kernel/errors';
import type { ObjectRemote, RemoteSettings } from '#ports/object-remote';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Opens the remote that settings describe, by the scheme of its url.
 * @throws DomainError NOT_IMPLEMENTED for a kind that Capstan does not speak; INVALID_ARGUMENT for settings of no use
 */
export function remoteOpener(env: Env): (settings: RemoteSettings) => Promise<ObjectRemote> {
  return async (settings) => {
    const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(settings.url)?.[1]?.toLowerCase() ?? '';
    switch (scheme) {
      case '':
      case 'file':
      case 'local':
        return (await import('#adapters/remote-directory')).openDirectoryRemote(settings);
      case 'azure':
        return (await import('#adapters/remote-cloud')).openAzureRemote(settings, env);
      case 'gs':
        return (await import('#adapters/remote-cloud')).openGsRemote(settings, env);
      case 'http':
      case 'https':
        return (await import('#adapters/remote-http')).openHttpRemote(settings, env);
      case 's3':
        return await (await import('#adapters/remote-s3')).openS3Remote(settings, env);
      case 'ssh':
        return (await import('#adapters/remote-ssh')).openSshRemote(settings, env);
      default:
        throw new DomainError(
          'NOT_IMPLEMENTED',
          `The remote '${settings.name}' is of a kind not offered yet: ${scheme}://`,
          {
            field: `remote.${settings.name}.url`,
            hint: 'Use dvc for it meanwhile, in the same checkout.',
          },
        );
    }
  };
}
