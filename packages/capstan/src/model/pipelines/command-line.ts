/**
 * One command line for /bin/sh that runs a stage's lines as dvc does: each in a shell of its own, so that directories and
 * variables do not carry over, until one fails. Each is named in the log before it runs. The last one takes the place of
 * the shell, so that a signal that ends it is seen as that.
 */
export function commandLine(lines: readonly string[]): string {
  return lines
    .map((line, index) => {
      const shell = `/bin/sh -c ${quoted(line)}`;
      return `printf '> %s\\n' ${quoted(line)} && ${index === lines.length - 1 ? `exec ${shell}` : shell}`;
    })
    .join(' && ');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
