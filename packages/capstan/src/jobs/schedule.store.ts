import type { Reader, Writer } from '#database';

export async function lastTick(reader: Reader, schedule: string): Promise<number | undefined> {
  const row = await reader
    .selectFrom('schedule_ticks')
    .select('due_at')
    .where('schedule', '=', schedule)
    .orderBy('due_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.due_at;
}

export async function hasTick(writer: Writer, schedule: string, dueAt: number): Promise<boolean> {
  const row = await writer
    .selectFrom('schedule_ticks')
    .select('job_id')
    .where('schedule', '=', schedule)
    .where('due_at', '=', dueAt)
    .executeTakeFirst();
  return row !== undefined;
}

export async function recordTick(writer: Writer, schedule: string, dueAt: number, jobId: string): Promise<void> {
  await writer.insertInto('schedule_ticks').values({ schedule, due_at: dueAt, job_id: jobId }).execute();
}
