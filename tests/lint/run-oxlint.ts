import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

const cli = join(dirname(createRequire(import.meta.url).resolve('oxlint/package.json')), 'bin', 'oxlint');

/** What oxlint found under a folder. `findings` are `FILE RULE`, with the label of our own message where it has one. */
export interface LintReport {
  readonly findings: readonly string[];
  readonly fileCount: number;
}

interface Diagnostic {
  readonly code: string;
  readonly filename: string;
  readonly message: string;
  readonly help?: string;
}

/**
 * Runs oxlint in a folder with the configuration that lies there.
 * @param options for oxlint, beyond those it always gets
 * @throws Error when it does not get to a report
 */
export function runOxlint(folder: string, ...options: readonly string[]): LintReport {
  const result = spawnSync(process.execPath, [cli, ...options, '--disable-nested-config', '--format', 'json'], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const start = result.stdout.indexOf('{ "diagnostics"');
  if (start < 0) throw new Error(`oxlint gave no report: ${result.stdout}${result.stderr}`);
  const report = JSON.parse(result.stdout.slice(start)) as { diagnostics: Diagnostic[]; number_of_files: number };
  return { findings: report.diagnostics.map(describeFinding).toSorted(), fileCount: report.number_of_files };
}

function describeFinding({ filename, code, help = '', message }: Diagnostic): string {
  const [, rule = code] = /\((.+)\)/.exec(code) ?? [];
  const [, label = ''] = /(?:^|\s)([a-z-]+): /.exec(rule.startsWith('no-restricted') ? `${help} ${message}` : '') ?? [];
  return [filename.replaceAll('\\', '/'), rule, label].filter(Boolean).join(' ');
}
