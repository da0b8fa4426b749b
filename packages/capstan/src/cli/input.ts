import { Option } from 'commander';

/** For programs that start this one and must not leave it behind. */
export const WHILE_INPUT_OPEN = new Option('--while-input-open', 'end when standard input does').hideHelp();

/** Resolves when whoever started this process is gone: the other end of its input closes then, also after a kill -9. */
export function inputEnd(): Promise<'SIGTERM'> {
  return new Promise((resolve) => {
    process.stdin.resume().once('close', () => resolve('SIGTERM'));
    // An input that stays open must not keep a process that has stopped.
    process.stdin.unref();
  });
}
