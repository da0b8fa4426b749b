import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { watchMemory } from '#ports/resident-memory';
import { createHostClient, type HostClient } from './host-client.ts';
import type { HostReply } from './host-messages.ts';
import { NO_TELEMETRY } from './no-telemetry.ts';

const LAST_WORDS_CHARACTERS = 500;

export interface ProcessHost extends HostClient {
  /** Ends the process at once; `reason` is what unanswered calls hear. */
  kill(reason: string): void;
}

/**
 * Starts a host in a child process by the same node binary, with an empty environment. It is killed once its resident
 * memory passes the limit (seen on Linux only), so that a model that asks for all memory takes none from others.
 */
export function startProcessHost(entry: URL, maxMemoryBytes: number): ProcessHost {
  const child = spawn(process.execPath, [fileURLToPath(entry)], {
    // What is given back to the library shall be given back to the system, or the model would seem larger than it is.
    env: { MALLOC_MMAP_THRESHOLD_: '1048576', ...NO_TELEMETRY },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
  });
  let killedFor: string | undefined;
  let lastWords = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-LAST_WORDS_CHARACTERS);
  });

  function kill(reason: string): void {
    killedFor ??= reason;
    child.kill('SIGKILL');
  }

  const unwatch = watchMemory(child.pid, maxMemoryBytes, () =>
    kill(`it took more than ${Math.round(maxMemoryBytes / 1e6)} MB of memory`),
  );

  const client = createHostClient({
    // A host that is gone cannot be told anything; its end is told to the caller by the other way.
    post: (message) => void child.send(message, () => {}),
    onReply: (listener) => void child.on('message', (reply) => listener(reply as HostReply)),
    onEnd(listener) {
      child.on('error', (error) => listener(error.message));
      child.on('close', (code, signal) => {
        unwatch();
        listener(killedFor ?? `it ended with ${signal ?? `exit code ${code}`}${lastWords && `: ${lastWords.trim()}`}`);
      });
    },
  });
  return { call: client.call, kill };
}
