import { spawnSync } from 'node:child_process';
import { invalid } from '#kernel/errors';
import type { Terminal } from '../terminal.ts';

/** Options of commands that tell a server of runs. */
export interface ReportOptions {
  /** False: nobody is told. */
  readonly report?: string | false;
}

/** Flags of the commands that run stages. */
export const REPORT_OPTIONS = {
  report: [
    '--report <url>',
    'show the run on this server while it goes on; default: CAPSTAN_URL, or git config capstan.url',
  ],
  noReport: ['--no-report', 'tell no server of it'],
  project: [
    '--project <name>',
    'project that the run is shown under (default: that of capstan.yaml, or the repository)',
  ],
} as const;

/**
 * The server that is told of runs: that of the option, of CAPSTAN_URL, or of Git's setting `capstan.url`; undefined where
 * none is set.
 * @throws DomainError INVALID_ARGUMENT for one that is no http address
 */
export function reportServer(
  { env, cwd }: Pick<Terminal, 'env' | 'cwd'>,
  { report }: ReportOptions,
): string | undefined {
  if (report === false) return undefined;
  const given = report ?? env['CAPSTAN_URL'] ?? gitSetting(cwd);
  if (given === undefined || given === '') return undefined;
  if (!/^https?:\/\/[^/]/.test(given) || !URL.canParse(given))
    throw invalid(`'${given}' is no address of a server`, {
      field: '--report',
      hint: 'Write one as http://HOST:PORT.',
    });
  return given.replace(/\/$/, '');
}

function gitSetting(cwd: string): string | undefined {
  const { status, stdout } = spawnSync('git', ['config', '--get', 'capstan.url'], { cwd, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
