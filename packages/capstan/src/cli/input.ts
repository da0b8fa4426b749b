import { Option } from 'commander';

/** For programs that start this one and must not leave it behind. */
export const WHILE_INPUT_OPEN = new Option('--while-input-open', 'end when standard input does').hideHelp();

/** In place of an address: it is the first line of standard input, from whoever learns it only later. */
export const ON_INPUT = '-';

/** Resolves when whoever started this process is gone: the other end of its input closes then, also after a kill -9. */
export function inputEnd(): Promise<'SIGTERM'> {
  return new Promise((resolve) => {
    process.stdin.resume().once('close', () => resolve('SIGTERM'));
    // An input that stays open must not keep a process that has stopped.
    process.stdin.unref();
  });
}

/** The first line of standard input; never settles where that ends before. */
export function firstInputLine(): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const take = (more: string): void => {
      text += more;
      const end = text.indexOf('\n');
      if (end < 0) return;
      process.stdin.off('data', take).unref();
      resolve(text.slice(0, end).trim());
    };
    // Waiting for it is work, which keeps the process. What follows is read on and left, so that its end is noticed.
    process.stdin.setEncoding('utf8').on('data', take).ref();
  });
}
