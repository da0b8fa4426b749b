import { createClient, type Client } from '@capstan/client';
import type { Terminal } from './terminal.ts';

const DEFAULT_URL = 'http://127.0.0.1:5050';

/** A client of the control plane that CAPSTAN_URL names. */
export function connect(terminal: Terminal): Client {
  return createClient({ baseUrl: urlOf(terminal), headers: headersOf() });
}

/** What every call of the command line says of who calls; for calls that the client has no method for. */
export function headersOf(): Readonly<Record<string, string>> {
  return { 'x-capstan-actor': 'cli' };
}

export function urlOf(terminal: Terminal): string {
  return (terminal.env['CAPSTAN_URL'] ?? DEFAULT_URL).replace(/\/$/, '');
}
