/** Where a command writes and what it needs of its surroundings. Tests give their own. */
export interface Terminal {
  /** Data: what a script reads. */
  out(text: string): void;
  /** Everything else. */
  err(text: string): void;
  /** What is under way, in one line below all others; see `statusLine`. */
  show(text: string): void;
  readonly isInteractive: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** A command's answer: an exit code, or nothing for done. */
export type CommandResult = Promise<number | undefined>;

const LONGEST_CELL = 60;

/** One line of text that others gave: control characters, which a terminal would obey, become spaces; long ones are cut. */
export function oneLine(text: string, longest = LONGEST_CELL): string {
  const line = text.replaceAll(/\p{Cc}+/gu, ' ').trim();
  return line.length <= longest ? line : `${line.slice(0, longest - 1)}…`;
}

/** Rows as aligned text under a header; numbers to the right. */
export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [header, ...rows.map((row) => row.map(String))];
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const isNumeric = header.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
  return cells
    .map((row) =>
      row
        .map((cell, column) =>
          isNumeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
