import { createInterface } from 'node:readline/promises';
import type { Terminal } from './terminal.ts';

/** Asks at the terminal; false where nobody can be asked. */
export async function isAgreed(terminal: Terminal, question: string): Promise<boolean> {
  if (!terminal.isInteractive || !process.stdin.isTTY) return false;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } finally {
    lines.close();
  }
}
