import type { DatasetQuarantine, DatasetVersion } from '@capstan/api';
import type { StoredFile } from '#http';
import { invalid, notFound } from '#kernel/errors';
import { quoteName, type DataFile } from '#ports/analytics';
import type { Digest } from '#ports/blob-store';
import type { DatasetsDeps } from './deps.ts';
import { ruleName } from './model.ts';
import { shorten, type PreviewRow } from './preview.ts';
import { QUARANTINE_COLUMNS } from './split.ts';
import { toShown } from './values.ts';

// Rows that the check of a version put aside, for people who mend them.

export interface QuarantinedRow extends PreviewRow {
  /** Names of the rules it broke. */
  readonly failed: readonly string[];
}

export interface QuarantinePage {
  readonly offset: number;
  readonly limit: number;
  /** Only rows that broke this one: `range of distance`. */
  readonly rule?: string | undefined;
  readonly signal?: AbortSignal;
}

/** @throws DomainError NOT_FOUND where no row was put aside, INVALID_ARGUMENT for a rule that none broke, DATA_LOSS */
export async function quarantinedRows(
  deps: DatasetsDeps,
  version: DatasetVersion,
  { offset, limit, rule, signal }: QuarantinePage,
): Promise<{ readonly total: number; readonly rows: QuarantinedRow[] }> {
  const quarantine = quarantineOf(version);
  const { columns } = quarantine.registered;
  const path = await deps.blobs.localFile(quarantine.parquet.digest as Digest);
  const aside: DataFile = { path, format: 'parquet', label: `rows put aside of ${version.dataset}` };
  const { file, row, rules } = QUARANTINE_COLUMNS;
  const names = columns.map(({ name }, index) => `${quoteName(name)} as c${index}`).join(', ');
  const found = await deps.analytics.query({
    tables: { aside: [aside] },
    sql: `select ${names}, ${file} as file, ${row} as place, ${rules} as failed from aside_rows
      ${rule === undefined ? '' : `where list_contains(${rules}, $rule)`}
      order by capstan_row limit $limit offset $offset`,
    parameters: { limit, offset, ...(rule !== undefined && { rule }) },
    ...(signal && { signal }),
  });
  return {
    total: totalOf(quarantine, rule),
    rows: found.map((each) => ({
      file: each['file'] as string,
      row: Number(each['place']),
      values: columns.map((_, index) => shorten(toShown(each[`c${index}`]))),
      failed: (each['failed'] as readonly string[]).map(String),
    })),
  };
}

/** @throws DomainError NOT_FOUND where no row was put aside, INVALID_ARGUMENT for another format */
export function quarantineFile(version: DatasetVersion, format: string): StoredFile {
  const quarantine = quarantineOf(version);
  if (format !== 'csv' && format !== 'parquet')
    throw invalid(`'${format.slice(0, 40)}' is no format of rows put aside`, {
      field: 'query.format',
      hint: 'Write csv or parquet.',
    });
  const { digest, sizeBytes } = quarantine[format];
  const path = `${version.dataset}-${version.number}-quarantined.${format}`;
  return { path, digest: digest as Digest, sizeBytes };
}

function quarantineOf(version: DatasetVersion): DatasetQuarantine {
  if (version.quarantine) return version.quarantine;
  throw notFound('row put aside of the version', version.id);
}

function totalOf({ rows, rules }: DatasetQuarantine, rule: string | undefined): number {
  if (rule === undefined) return rows;
  const named = rules.find((each) => ruleName(each) === rule);
  if (named) return named.rows;
  throw invalid(`No row was put aside for '${rule}'`, {
    field: 'query.rule',
    hint: `Rows were put aside for: ${rules.map(ruleName).join(', ')}.`,
  });
}
