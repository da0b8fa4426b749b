import { open } from 'node:fs/promises';
import { quoteText, type DataFile } from '#ports/analytics';
import { translateFailure, unreadable } from './failures.ts';
import { inSession, type SessionLimits } from './session.ts';

const HEADER_BYTES = 64 * 1024;

/**
 * Finds the line at which a CSV file stops being one, which the reader does not say while it is guessing types: reads it
 * again with every column as text.
 */
export async function explainCsv(limits: SessionLimits, files: readonly DataFile[], error: unknown): Promise<unknown> {
  for (const file of files.filter(({ format }) => format === 'csv')) {
    const columns = Array.from({ length: await countHeaderColumns(file.path) }, (_, index) => `'c${index}': 'VARCHAR'`);
    const source = `read_csv(${quoteText(file.path)}, auto_detect = false, header = true, delim = ',', quote = '"',
      escape = '"', columns = {${columns.join(', ')}})`;
    try {
      await inSession(limits, { paths: [file.path] }, ({ connection }) =>
        connection.run(`select count(*) from ${source}`),
      );
    } catch (found) {
      return translateFailure(found, [file]);
    }
  }
  return unreadable(
    files.length === 1 ? (files[0]?.label ?? '') : 'The data',
    'it is not CSV with commas and a header',
    error,
  );
}

async function countHeaderColumns(path: string): Promise<number> {
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
    const header = buffer.subarray(0, bytesRead).toString('utf8').split(/\r?\n/, 1)[0] ?? '';
    return header.replaceAll(/"[^"]*"/g, '').split(',').length;
  } finally {
    await handle.close();
  }
}
