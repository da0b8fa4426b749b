import { DomainError, invalid, messageOf } from '#kernel/errors';
import type { DataFile } from '#ports/analytics';

/** What DuckDB's messages begin with when the bytes are at fault and not the program. */
const DATA_FAULTS =
  /^(Invalid Error|Invalid Input Error|IO Error|Conversion Error|Out of Range Error|Not implemented Error|Serialization Error):/i;
const FIRST_LINE = /^[^\n]*/;
const CSV_LINE = /CSV Error on Line: (\d+)\n/;

/** Translates what DuckDB threw; `files` are those the question was about. */
export function translateFailure(error: unknown, files: readonly DataFile[]): unknown {
  if (error instanceof DomainError) return error;
  const message = messageOf(error);
  if (/^Out of Memory Error/i.test(message)) {
    return new DomainError('RESOURCE_EXHAUSTED', 'The data does not fit into the memory allowed for scans', {
      cause: error,
    });
  }
  if (/No space left on device|Could not write file|temp directory size/i.test(message)) {
    return new DomainError('STORAGE_FULL', 'No space left for the scan’s temporary files', { cause: error });
  }
  if (!DATA_FAULTS.test(message)) return error;
  const file = files.find(({ path }) => message.includes(path)) ?? (files.length === 1 ? files[0] : undefined);
  return unreadable(file?.label ?? 'The data', reasonOf(message, files), error);
}

/** The error for a file that is not what it is said to be. */
export function unreadable(label: string, reason: string, cause?: unknown): DomainError {
  return invalid(`${label} cannot be read: ${reason}`, {
    field: label,
    hint: 'It is cut off, or it is not what its name says: copy it again from where it comes.',
    cause,
  });
}

/** A reason in one line, without places on this machine. */
function reasonOf(message: string, files: readonly DataFile[]): string {
  const csv = CSV_LINE.exec(message);
  if (csv) return csvReason(Number(csv[1]), message);
  let reason = (FIRST_LINE.exec(message)?.[0] ?? message).replace(DATA_FAULTS, '').trim();
  if (/No magic bytes found at end of file/.test(reason)) return 'its end is missing, or it is no Parquet file';
  for (const { path, label } of files) reason = reason.replaceAll(path, label);
  return reason;
}

function csvReason(line: number, message: string): string {
  const counts = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(message);
  if (counts) return `line ${line} has ${counts[2]} columns where the header has ${counts[1]}; is the file cut off?`;
  if (/unterminated quote/.test(message)) return `a quoted value that begins on line ${line} does not end`;
  if (/not utf-8/.test(message)) return `line ${line} is not UTF-8 text`;
  return `line ${line}: ${/\n([^\n]+)\nPossible/.exec(message)?.[1] ?? 'not CSV'}`;
}

/** True when DuckDB only says that it could not make out the form of a CSV file, and not where it stumbled. */
export function isVagueCsvFailure(error: unknown): boolean {
  return /Error when sniffing file/.test(messageOf(error));
}
