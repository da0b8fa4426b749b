// Typed fetch client of Capstan's native API, derived from the route table by types. Runs in browsers and in Node.
// Used by the interface, the command line and the tests; knows nothing of foreign protocols.
import { routes } from '@capstan/api';
import { callsOf, clientOf, type Client, type ClientOptions } from './calls.ts';

export { ApiError, type Client, type ClientOptions } from './calls.ts';

/** @throws ApiError from every method, with the server's own words */
export function createClient(options: ClientOptions): Client {
  return clientOf(callsOf(routes), options);
}
