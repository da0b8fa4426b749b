import type { IncomingMessage } from 'node:http';
import type { RestCall, RestCalls } from '../rest/rest-calls.ts';
import type { AzureSettings } from './azure-settings.ts';
import { azureTokens } from './azure-tokens.ts';
import { sharedKeyOf } from './shared-key.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Of the interface: old enough for emulators and Azure's clouds of their own. */
const VERSION = '2021-12-02';

/** Sends calls as the one whom the settings name. */
export function signedCalls(
  at: AzureSettings,
  calls: RestCalls,
  env: Env,
): (call: RestCall) => Promise<IncomingMessage> {
  const { login } = at;
  const tokens = azureTokens(at, login, env);
  return async (call) => {
    const headers: Record<string, string> = {
      ...call.headers,
      'x-ms-date': new Date().toUTCString(),
      'x-ms-version': VERSION,
    };
    switch (login.by) {
      case 'nobody':
        return await calls.send({ ...call, headers });
      case 'sas': {
        const url = new URL(call.url);
        url.search = [url.search.slice(1), login.query].filter((part) => part !== '').join('&');
        return await calls.send({ ...call, url, headers });
      }
      case 'key': {
        const { method, url, body } = call;
        headers['authorization'] = sharedKeyOf(login, { method, url, headers, contentLength: body?.length ?? 0 });
        return await calls.send({ ...call, headers });
      }
      case 'secret':
      case 'default':
        headers['authorization'] = `Bearer ${await tokens()}`;
        return await calls.send({ ...call, headers });
    }
  };
}
