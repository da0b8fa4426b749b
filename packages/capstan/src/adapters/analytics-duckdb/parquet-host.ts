// The entry of the process that reads Parquet of anybody's: it may crash, or be killed, and nobody else is harmed.
import { writeFileSync } from 'node:fs';
import { DomainError, messageOf } from '#kernel/errors';
import { readParquet, type ReadParquetRequest } from './read-parquet.ts';
import type { ParquetReply } from './parquet-process.ts';

try {
  // When memory runs out, the kernel shall take this process. Only Linux has it.
  writeFileSync('/proc/self/oom_score_adj', '1000');
} catch {}

process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.on('message', (request: ReadParquetRequest) => {
  void answer(request).then((reply) => process.send?.(reply));
});

async function answer(request: ReadParquetRequest): Promise<ParquetReply> {
  try {
    return { table: await readParquet(request) };
  } catch (error) {
    if (error instanceof DomainError) {
      const { code, message, field, hint } = error;
      return { failure: { code, message, field, hint } };
    }
    return { failure: { code: 'INTERNAL', message: messageOf(error), field: undefined, hint: undefined } };
  }
}
