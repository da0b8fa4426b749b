/**
 * Text of a `.gitignore` that leaves out a file or folder beside it, as DVC writes it: a line `/name`.
 * @param text undefined when there is no such file
 * @param name of the file or folder, without its folder
 * @returns undefined when the line is there
 */
export function withIgnored(text: string | undefined, name: string): string | undefined {
  const before = text ?? '';
  if (linesOf(before).some((line) => isLineOf(line, name))) return undefined;
  const isOpen = before !== '' && !before.endsWith('\n');
  return `${before}${isOpen ? '\n' : ''}${ignoreLine(name)}\n`;
}

/**
 * The text without that line, empty when nothing is left: DVC removes such a file.
 * @returns undefined when there is no such line
 */
export function withoutIgnored(text: string | undefined, name: string): string | undefined {
  const lines = linesOf(text ?? '');
  const kept = lines.filter((line) => !isLineOf(line, name));
  return kept.length === lines.length ? undefined : kept.join('');
}

/** Escaped so that Git takes it for a name. A line end cannot be written: `?` stands for it. */
function ignoreLine(name: string): string {
  const escaped = name
    .replaceAll(/[\\[\]!*#?]/g, String.raw`\$&`)
    .replaceAll(/[\r\n]/g, '?')
    .replace(/ +$/, (spaces) => '\\ '.repeat(spaces.length));
  return `/${escaped}`;
}

/** DVC before 3 wrote names as they are. */
function isLineOf(line: string, name: string): boolean {
  const written = line.replace(/\r?\n$/, '');
  return written === ignoreLine(name) || written === `/${name}`;
}

/** With their ends. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
