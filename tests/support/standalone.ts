// A folder that `capstan build` has made, started as a container would start it.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { readyUrl } from './server.ts';

/** Nobody: a user that owns nothing here. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

export interface StartedAlone {
  readonly child: ChildProcess;
  readonly url: string;
  /** `host:port` over gRPC. */
  readonly grpc: string;
  stop(): Promise<void>;
}

interface Alone {
  readonly flags?: readonly string[];
  /** All of its environment; empty when left out. */
  readonly env?: Readonly<Record<string, string>>;
  /** Stays who runs the tests: their Python may be for nobody else to read. */
  readonly isOurs?: boolean;
}

/** No environment, no user, nothing to write but its data, no control plane. @throws Error with its stderr when it ends before it is ready */
export async function startAlone(
  folder: string,
  data: string,
  { flags = [], env = {}, isOurs = false }: Alone = {},
): Promise<StartedAlone> {
  const child = spawn(process.execPath, [join(folder, 'serve.mjs'), '--data', data, '--serving-port', '0', ...flags], {
    cwd: '/',
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(isRoot && !isOurs && { uid: NOBODY, gid: NOBODY }),
  });
  let said = '';
  child.stdout?.on('data', (text: Buffer) => (said += text.toString()));
  const url = await readyUrl(child);
  return {
    child,
    url,
    grpc: /gRPC at (\S+),/.exec(said)?.[1] ?? '',
    async stop() {
      if (child.exitCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
