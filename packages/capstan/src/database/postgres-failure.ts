import { DomainError } from '#kernel/errors';

/**
 * Conditions under which PostgreSQL answers nothing now and the same later: classes 08 (connection), 53 (resources) and
 * 57P (operator intervention: it stops, has crashed or is not up yet). Source: PostgreSQL's documentation, appendix A.
 */
const AWAY = /^(?:08|53[0234]|57P)/;
const UNREACHABLE = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT']);
/** What `pg` says, without any code, where a connection ends or cannot be had. */
const LOST =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;
const DISK_FULL = '53100';

/** What `pg` threw, as UNAVAILABLE where the server is away and STORAGE_FULL where its disk is full. */
export function translatedPostgresFailure(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = 'code' in error ? String(error.code) : '';
  if (code === DISK_FULL) {
    return new DomainError('STORAGE_FULL', 'There is no space left to write the database', {
      hint: 'Free some space on PostgreSQL’s disk; reads go on, and writes work again without a restart.',
      cause: error,
    });
  }
  if (!AWAY.test(code) && !UNREACHABLE.has(code) && !LOST.test(error.message)) return error;
  return new DomainError('UNAVAILABLE', 'PostgreSQL does not answer', {
    hint: 'Try again in a moment: nothing of this request is kept half. Should it last, check that the database runs.',
    cause: error,
  });
}
