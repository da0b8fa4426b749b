import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { callCount, errorCodes } from '@capstan/api';
import { z } from 'zod';
import { DomainError, messageOf } from '#kernel/errors';
import type { Ids } from '#ports/ids';
import type { ControlPlane } from '../control-plane.ts';
import { createCallCounts, type CallCounts } from './call-counts.ts';
import type { Caller } from './caller.ts';

/**
 * The counts of one process on their way to the control plane. What was counted is in a file within a second, so that a
 * process that is killed loses that second at most; a batch is sent until it is acknowledged, and taken once by its id.
 * While one waits to be taken, the next goes on being counted: there are never more than two.
 */
export interface CallLog {
  /** A call that has ended. */
  add(caller: Caller, status: number): void;
  /** Sends all that is counted. @throws DomainError UNAVAILABLE */
  flush(): Promise<void>;
  /** Keeps what is counted; it is sent after the next start. */
  close(): Promise<void>;
}

export interface CallLogDeps {
  readonly folder: string;
  readonly replica: string;
  readonly ids: Ids;
  readonly log: Logger;
  readonly controlPlane: Pick<ControlPlane, 'sendCalls'>;
  /** Business time. */
  now(): number;
}

const SAVE_EVERY_MS = 1_000;
const SEND_EVERY_MS = 5_000;
const FILE = /^(cb_\w+)\.json$/;
const OPEN_FILE = 'open.json';

const batchOf = z.array(callCount);

export function openCallLog(deps: CallLogDeps): CallLog {
  const { folder, log } = deps;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const openPath = join(folder, OPEN_FILE);
  let counts = recovered(openPath, log);
  let isSaved = true;
  let sending: Promise<void> | undefined;

  function save(): void {
    if (isSaved) return;
    try {
      writeWhole(openPath, counts);
      isSaved = true;
    } catch (error) {
      // Counted all the same: the next try has it.
      log.warn(`counts of calls cannot be kept: ${messageOf(error)}`);
    }
  }

  /** What is counted becomes a batch: one file by one name, which is the other's no more. */
  function seal(): void {
    save();
    if (!isSaved || counts.isEmpty()) return;
    renameSync(openPath, join(folder, `${deps.ids.next('cb')}.json`));
    counts = createCallCounts();
  }

  async function sendAll(): Promise<void> {
    if (waiting(folder).length === 0) seal();
    for (const id of waiting(folder)) {
      const path = join(folder, `${id}.json`);
      try {
        const batch = batchOf.parse(JSON.parse(readFileSync(path, 'utf8')));
        await deps.controlPlane.sendCalls(id, deps.replica, batch);
      } catch (error) {
        if (error instanceof DomainError && (errorCodes[error.code].isRetryable || error.code === 'INTERNAL'))
          throw error;
        log.error({ err: error, batch: id }, 'counts of calls that will never be taken are left out');
      }
      rmSync(path, { force: true });
    }
  }

  function send(): Promise<void> {
    sending ??= sendAll().finally(() => (sending = undefined));
    return sending;
  }

  const saving = setInterval(save, SAVE_EVERY_MS);
  const shipping = setInterval(() => {
    send().catch((error: unknown) => log.debug(`counts of calls wait: ${messageOf(error)}`));
  }, SEND_EVERY_MS);

  return {
    add(caller, status) {
      if (caller.deployment === null) return;
      counts.add(caller, status, deps.now());
      isSaved = false;
    },
    async flush() {
      // One that is under way may have begun before the last call had ended, and may leave a batch that was refused now.
      await sending?.catch(() => {});
      await send();
      await send();
    },
    async close() {
      clearInterval(saving);
      clearInterval(shipping);
      await sending?.catch(() => {});
      save();
    },
  };
}

/** What an earlier process had counted and not sent. */
function recovered(path: string, log: Logger): CallCounts {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return createCallCounts();
  }
  try {
    return createCallCounts(batchOf.parse(JSON.parse(text)));
  } catch (error) {
    log.warn(`stored counts of calls are not used: ${messageOf(error)}`);
    return createCallCounts();
  }
}

/** Oldest first. */
function waiting(folder: string): string[] {
  return readdirSync(folder)
    .toSorted()
    .flatMap((name) => FILE.exec(name)?.[1] ?? []);
}

/** The file is whole at any time. */
function writeWhole(path: string, counts: CallCounts): void {
  writeFileSync(`${path}.part`, JSON.stringify(counts.all()), { mode: 0o600 });
  renameSync(`${path}.part`, path);
}
