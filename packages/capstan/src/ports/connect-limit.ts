import type { ClientRequest } from 'node:http';

/** Ends a request that has no connection in time with the error of `timeLimit`. */
export function limitConnecting(request: ClientRequest, limitMs: number): void {
  const timer = setTimeout(() => {
    request.destroy(timeLimit(`no connection within ${limitMs / 1_000} s`));
  }, limitMs);
  const connected = (): void => clearTimeout(timer);
  request.once('socket', (socket) => {
    if (socket.connecting) socket.once('connect', connected);
    else connected();
  });
  request.once('close', connected);
}

/** An error as the system gives one for what took too long. */
export function timeLimit(message: string): Error {
  return Object.assign(new Error(message), { code: 'ETIMEDOUT' });
}
