// A program: a storage over HTTP in a folder, on a free port, whose number it prints. Of its own, since tests wait for
// dvc in a way that lets nothing else of theirs run.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileServer } from '../../packages/capstan/src/adapters/remote-http/testing.ts';

const server = createServer(fileServer(process.argv[2] ?? ''));
server.listen(Number(process.argv[3] ?? 0), '127.0.0.1', () =>
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`),
);
