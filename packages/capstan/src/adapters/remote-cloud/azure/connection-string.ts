import type { AzureLogin } from './azure-settings.ts';

export interface AzureConnection {
  readonly account: string | undefined;
  readonly endpoint: string;
  readonly login: AzureLogin;
}

/** The emulator's account and key, which Microsoft publishes. */
const DEVELOPMENT = {
  AccountName: 'devstoreaccount1',
  AccountKey: 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==',
  BlobEndpoint: 'http://127.0.0.1:10000/devstoreaccount1',
};

/**
 * Reads `Name=value;…`; undefined where it names no place.
 * @see https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string
 */
export function readConnectionString(text: string): AzureConnection | undefined {
  const given = Object.fromEntries(
    text.split(';').flatMap((part) => {
      const at = part.indexOf('=');
      return at < 1 ? [] : [[part.slice(0, at).trim(), part.slice(at + 1).trim()]];
    }),
  ) as Readonly<Record<string, string | undefined>>;
  const parts: Readonly<Record<string, string | undefined>> =
    given['UseDevelopmentStorage']?.toLowerCase() === 'true' ? { ...DEVELOPMENT, ...given } : given;
  const { AccountName: account, AccountKey: key, SharedAccessSignature: sas } = parts;
  const host = `${account}.blob.${parts['EndpointSuffix'] ?? 'core.windows.net'}`;
  const endpoint =
    parts['BlobEndpoint'] ??
    (account === undefined ? undefined : `${parts['DefaultEndpointsProtocol'] ?? 'https'}://${host}`);
  if (endpoint === undefined || !URL.canParse(endpoint)) return undefined;
  if (account !== undefined && key !== undefined) return { account, endpoint, login: { by: 'key', account, key } };
  return {
    account,
    endpoint,
    login: sas === undefined ? { by: 'nobody' } : { by: 'sas', query: sas.replace(/^\?/, '') },
  };
}
