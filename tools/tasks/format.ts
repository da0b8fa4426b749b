import { runPackage } from './shell.ts';

/** Formats the whole tree, or the paths given. */
export async function format(args: readonly string[]): Promise<number> {
  return await runPackage(import.meta.resolve('oxfmt/package.json'), 'bin/oxfmt', args.length > 0 ? args : ['.']);
}
