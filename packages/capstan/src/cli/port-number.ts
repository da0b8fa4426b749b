import { InvalidArgumentError } from 'commander';

const LAST_PORT = 65_535;

/** An option that is a port. @throws InvalidArgumentError */
export function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= LAST_PORT) return port;
  throw new InvalidArgumentError(`Give a number from 0 (any free port) to ${LAST_PORT}.`);
}
