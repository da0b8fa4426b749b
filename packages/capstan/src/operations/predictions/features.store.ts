import type { Writer } from '#database';
import { insertLogFile, type LogFileRow } from './log/log.store.ts';

export interface FeatureRow {
  readonly segment: string;
  readonly deployment: string;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly rows: number;
  readonly minEventTime: number;
  readonly maxEventTime: number;
}

/** Notes the files written of a segment; from here on its raw bytes are not needed. Again has no effect. */
export async function replaceRawWithFeatures(
  writer: Writer,
  segment: string,
  files: readonly FeatureRow[],
  logs: readonly LogFileRow[],
): Promise<void> {
  for (const file of files) {
    await writer
      .insertInto('prediction_features')
      .values({
        segment: file.segment,
        deployment: file.deployment,
        digest: file.digest,
        size_bytes: file.sizeBytes,
        rows: file.rows,
        min_event_time: file.minEventTime,
        max_event_time: file.maxEventTime,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  for (const log of logs) await insertLogFile(writer, log);
  await writer.updateTable('segments').set({ raw_digest: null }).where('id', '=', segment).execute();
}
