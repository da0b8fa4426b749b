import { open, stat } from 'node:fs/promises';
import { z } from 'zod';

const workProgress = z.strictObject({
  total: z.int(),
  done: z.int(),
  failed: z.int(),
  rowsPerSecond: z.number().nullable(),
});
export type WorkProgress = z.output<typeof workProgress>;

const workFailure = z.strictObject({
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  row: z.int().optional(),
  column: z.string().optional(),
});
export type WorkFailure = z.output<typeof workFailure>;

/** What the work says of itself, as lines of its log: that is what every executor brings while the work goes on. */
const workReport = z.union([
  z.strictObject({ progress: workProgress }),
  /** The last that it says. */
  z.strictObject({ failure: workFailure }),
]);
export type WorkReport = z.output<typeof workReport>;

const MARK = '@capstan-batch ';
const PIECE_BYTES = 256 * 1024;
const NEWLINE = 0x0a;

/** A report as text of the log: on a line of its own, wherever what was printed before ended. */
export function reportText(report: WorkReport): string {
  return `\n${MARK}${JSON.stringify(report)}\n`;
}

export function isReport(line: string): boolean {
  return line.startsWith(MARK);
}

/** The latest that the work has said. */
export interface WorkReports {
  readonly progress: WorkProgress | undefined;
  readonly failure: WorkFailure | undefined;
  /** Reads what has come to the log, where there is one. */
  look(): Promise<void>;
}

/** Reports in a log from its present end on. */
export async function followReports(logFile: string): Promise<WorkReports> {
  let at = await stat(logFile).then(
    ({ size }) => size,
    () => 0,
  );
  let progress: WorkProgress | undefined;
  let failure: WorkFailure | undefined;

  function take(line: string): void {
    if (!isReport(line)) return;
    const parsed = workReport.safeParse(parsedJson(line.slice(MARK.length)));
    if (!parsed.success) return;
    if ('progress' in parsed.data) progress = parsed.data.progress;
    else failure = parsed.data.failure;
  }

  return {
    get progress() {
      return progress;
    },
    get failure() {
      return failure;
    },
    async look() {
      const handle = await open(logFile, 'r').catch(() => undefined);
      if (!handle) return;
      try {
        for (;;) {
          const bytes = Buffer.alloc(PIECE_BYTES);
          const { bytesRead } = await handle.read(bytes, 0, PIECE_BYTES, at);
          const piece = bytes.subarray(0, bytesRead);
          const end = piece.lastIndexOf(NEWLINE) + 1;
          for (const line of piece.toString('utf8', 0, end).split('\n')) take(line);
          // A line that is longer than a piece is none of ours.
          at += end === 0 && bytesRead === PIECE_BYTES ? bytesRead : end;
          if (bytesRead < PIECE_BYTES) return;
        }
      } finally {
        await handle.close();
      }
    },
  };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
