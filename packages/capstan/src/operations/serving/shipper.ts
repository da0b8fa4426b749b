import type { Logger } from 'pino';
import { errorCodes } from '@capstan/api';
import { DomainError, messageOf } from '#kernel/errors';
import type { ControlPlane } from './control-plane.ts';
import type { SegmentLog } from './segments.ts';

export interface Shipper {
  /** A segment waits: ship it soon. */
  wake(): void;
  /** Ships all that is logged and returns how many segments that were. @throws DomainError UNAVAILABLE */
  flush(): Promise<number>;
  /** Ships no more; what waits is shipped after the next start. */
  stop(): Promise<void>;
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;

/** Sends sealed segments, oldest first, until each has been acknowledged: at least once, and taken once by its id. */
export function createShipper(deps: {
  log: Logger;
  segments: SegmentLog;
  controlPlane: ControlPlane;
  replica: string;
}): Shipper {
  const { log, segments, controlPlane, replica } = deps;
  let isStopped = false;
  let failures = 0;
  let retry: NodeJS.Timeout | undefined;
  let working: Promise<number> | undefined;

  function ship(): Promise<number> {
    working ??= shipAll().finally(() => {
      working = undefined;
    });
    return working;
  }

  async function shipAll(): Promise<number> {
    let shipped = 0;
    for (let waiting = segments.sealed(); waiting.length > 0 && !isStopped; waiting = segments.sealed()) {
      for (const segment of waiting) {
        if (isStopped) return shipped;
        try {
          await controlPlane.sendSegment(segment.id, replica, segment.path);
        } catch (error) {
          if (!(error instanceof DomainError) || errorCodes[error.code].isRetryable || error.code === 'INTERNAL')
            throw error;
          log.error({ err: error, segment: segment.id }, 'the control plane refuses a segment; it is put aside');
          segments.reject(segment);
          continue;
        }
        segments.remove(segment);
        shipped += 1;
      }
    }
    failures = 0;
    return shipped;
  }

  function wake(): void {
    if (isStopped || retry) return;
    ship().catch((error: unknown) => {
      const waitMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
      failures += 1;
      log.warn({ segments: segments.sealed().length, waitMs }, `predictions wait to be shipped: ${messageOf(error)}`);
      retry = setTimeout(() => {
        retry = undefined;
        wake();
      }, waitMs);
    });
  }

  return {
    wake,
    async flush() {
      // One that is under way may have listed the segments before the last one was sealed.
      await working?.catch(() => {});
      segments.seal();
      await working?.catch(() => {});
      return await ship();
    },
    async stop() {
      isStopped = true;
      clearTimeout(retry);
      await working?.catch(() => {});
    },
  };
}
