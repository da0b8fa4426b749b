import type { Client } from '@capstan/client';
import { oneLine } from './terminal.ts';

type Report = Awaited<ReturnType<Client['trash']['purge']>>;

/** What went, or would go, and what stayed and why. */
export function reportText(report: Report): string {
  const { isDryRun, experiments, runs, loggedModels, rows, freed, later, held } = report;
  const things = `${count(experiments, 'experiment')}, ${count(runs, 'run')}, ${count(loggedModels, 'logged model')}`;
  const lines = [
    `${isDryRun ? 'Would purge' : 'Purged'} ${things}: ${count(rows, 'row')}`,
    `${isDryRun ? 'Would free' : 'Freed'} ${bytesText(freed.bytes)} in ${count(freed.blobs, 'file')}`,
  ];
  if (later.blobs > 0) {
    lines.push(
      `${bytesText(later.bytes)} in ${count(later.blobs, 'file')} were stored too recently: freed by a later gc`,
    );
  }
  for (const { kind, id, name, by } of held) {
    lines.push(`Kept ${kind} ${id} (${oneLine(name)}): held by ${by.map((holder) => oneLine(holder)).join(', ')}`);
  }
  return lines.join('\n');
}

function count(number: number, word: string): string {
  return `${number.toLocaleString('en')} ${word}${number === 1 ? '' : 's'}`;
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

function bytesText(bytes: number): string {
  const power = bytes < 1_024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1_024 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`;
}
