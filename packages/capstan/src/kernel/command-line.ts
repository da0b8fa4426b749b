/** What runs one line: a program and its options, before the line itself. */
const PLAIN_SHELL: readonly string[] = ['/bin/sh', '-c'];

/** dvc keeps these shells from reading settings of the person, which could change what a command does. */
const QUIET_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  bash: ['--noprofile', '--norc'],
  zsh: ['--no-rcs'],
};

/** The shell that dvc runs commands in: that of the person who runs it. */
export function shellOf(program: string | undefined): readonly string[] {
  if (program === undefined || program === '') return PLAIN_SHELL;
  const name = program.slice(program.lastIndexOf('/') + 1).toLowerCase();
  return [program, ...(QUIET_OPTIONS[name] ?? []), '-c'];
}

/**
 * One command line for /bin/sh that runs a stage's lines as dvc does: each in a shell of its own, so that directories and
 * variables do not carry over, until one fails. Each is named in the log before it runs. The last one takes the place of
 * the shell, so that a signal that ends it is seen as that.
 */
export function commandLine(lines: readonly string[], shell: readonly string[] = PLAIN_SHELL): string {
  const words = shell.map(quoted).join(' ');
  return lines
    .map((line, index) => {
      const run = `${words} ${quoted(line)}`;
      return `printf '> %s\\n' ${quoted(line)} && ${index === lines.length - 1 ? `exec ${run}` : run}`;
    })
    .join(' && ');
}

/** The same, run by another program, which is given before it as words. */
export function runBy(words: readonly string[], command: string): string {
  return `exec ${[...words, ...PLAIN_SHELL, command].map(quoted).join(' ')}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
