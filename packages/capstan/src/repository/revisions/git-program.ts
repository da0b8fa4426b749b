import { execFile } from 'node:child_process';
import { DomainError, invalid } from '#kernel/errors';

const MAX_OUTPUT_BYTES = 1 << 30;

/**
 * Runs git in a folder and gives what it printed.
 * @param environment that of this process where it is left out
 * @throws DomainError as `gitError`
 */
export async function runGit(
  folder: string,
  args: readonly string[],
  environment?: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const options = {
    cwd: folder,
    maxBuffer: MAX_OUTPUT_BYTES,
    encoding: 'utf8' as const,
    ...(environment && { env: { ...environment } }),
  };
  return await new Promise((resolve, reject) => {
    execFile('git', args, options, (error, stdout, stderr) => {
      if (error) reject(gitError(error, stderr));
      else resolve(stdout);
    });
  });
}

/** What a failed git means for whoever called us: there is no git, no repository, or what git said. */
export function gitError(error: Error & { readonly code?: unknown }, stderr: string): DomainError {
  if (error.code === 'ENOENT') {
    return new DomainError('NOT_FOUND', 'The program git is not there, and revisions are read with it', {
      hint: 'Install git and put it on the PATH.',
      cause: error,
    });
  }
  const said = stderr
    .replace(/^(?:fatal|error): /, '')
    .trim()
    .split('\n')[0];
  return invalid(`git: ${said === undefined || said === '' ? error.message : said}`, { cause: error });
}
