// Who is asking Google: tokens of service accounts, of people, of machines and of other clouds, by Google's own package.
import { remoteError } from '#ports/object-remote';
import { codeOf } from '../rest/rest-calls.ts';
import type { GsSettings } from './gs-settings.ts';

const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_write';

export const GS_HINT =
  'Set credentialpath to a key file in .dvc/config.local, GOOGLE_APPLICATION_CREDENTIALS, or sign in with: gcloud auth application-default login.';

/** Headers that say who asks: none where nobody is known, as dvc asks then. */
export type GsCredentials = (signal?: AbortSignal) => Promise<Readonly<Record<string, string>>>;

/**
 * Nothing is looked for before the first call; tokens are kept until they end.
 * @throws DomainError, from the call: INVALID_ARGUMENT for a key file of no use, UNAUTHENTICATED, UNAVAILABLE
 */
export function gsCredentials(at: GsSettings): GsCredentials {
  if (at.isAnonymous) return async () => ({});
  let asking: Promise<{ readonly headers: () => Promise<Headers> } | undefined> | undefined;
  return async () => {
    try {
      const client = await (asking ??= clientOf(at));
      return client ? Object.fromEntries(await client.headers()) : {};
    } catch (error) {
      asking = undefined;
      throw credentialsError(at, error);
    }
  };
}

async function clientOf({ keyFile, project }: GsSettings) {
  const { GoogleAuth } = await import('google-auth-library');
  const auth = new GoogleAuth({
    scopes: [SCOPE],
    ...(keyFile !== undefined && { keyFilename: keyFile }),
    ...(project !== undefined && { projectId: project }),
  });
  try {
    const client = await auth.getClient();
    return { headers: async () => new Headers(await client.getRequestHeaders()) };
  } catch (error) {
    if (keyFile === undefined && error instanceof Error && /default credentials/i.test(error.message)) return undefined;
    throw error;
  }
}

function credentialsError(at: GsSettings, error: unknown): unknown {
  const code = codeOf(error);
  const hint = GS_HINT;
  const isUseless = error instanceof Error && (code === 'ENOENT' || code === 'EACCES' || error instanceof SyntaxError);
  if (isUseless) return remoteError(at, 'unfit', 'its key file', { cause: error, hint });
  const isOfTheWay = /^(?:E(?:CONN|HOST|NET|AI_|PIPE|TIMEDOUT|NOTFOUND)|UND_|5\d\d$)/.test(code);
  return remoteError(at, isOfTheWay ? 'unreachable' : 'unknown caller', 'a token', {
    cause: error,
    ...(!isOfTheWay && { hint }),
  });
}
