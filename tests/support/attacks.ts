// What harms a data plane from outside: crowds of connections, and a model that does what it is told.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { ATTACKS } from './attacking-model.ts';

/** Files of a Python model that does to each row what its text says. */
export const ATTACKER = {
  MLmodel:
    'flavors:\n  python_function: {loader_module: the_model, code: code, env: {}}\n' +
    `signature:\n  inputs: '[{"type": "string", "name": "do"}]'\n  outputs: '[{"type": "long"}]'\n`,
  'requirements.txt': 'mlflow\n',
  'code/the_model.py': `${ATTACKS}\n\ndef _load_pyfunc(path):\n    return Model()\n`,
};

/** Connections that send these words and no more; refused ones are no failure. */
export async function crowd(port: number, count: number, words: string | Buffer = ''): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let index = 0; index < count; index++) {
    const socket = connect(port, '127.0.0.1', () => socket.write(words));
    socket.on('error', () => {}).resume();
    sockets.push(socket);
    if (index % 200 === 199) await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
  }
  return sockets;
}

export function leave(sockets: readonly Socket[]): void {
  for (const socket of sockets) socket.destroy();
}

/** So many as this process may open, with room for what else it does. */
export function asManyAs(wanted: number): number {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return Math.min(wanted, Number(soft ?? 1_024) - 500);
}

/** The head of a request to a deployment whose body has so many bytes. */
export function headOf(host: string, deployment: string, bytes: number): string {
  return `POST /v2/models/${deployment}/infer HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${bytes}\r\n\r\n`;
}

/** Asks `attacker` to do that; resolves with the status. */
export async function tell(
  servingUrl: string,
  deployment: string,
  what: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<number> {
  const answer = await fetch(`${servingUrl}/models/${deployment}/invocations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ dataframe_split: { columns: ['do'], data: [[what]] } }),
  });
  await answer.arrayBuffer();
  return answer.status;
}
