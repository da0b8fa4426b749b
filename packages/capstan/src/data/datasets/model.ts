import type {
  DatasetColumn,
  DatasetFile,
  DatasetProfile,
  DatasetQuarantine,
  DatasetVersion,
  DatasetVersionStatus,
  DatasetVersionSummary,
  ExpectationReport,
} from '@capstan/api';
import { digestOf } from '#kernel/digest';
import { invalid } from '#kernel/errors';
import type { Transitions } from '#kernel/state-machine';
import { dataFormatOf, type DataFile, type DataFormat } from '#ports/analytics';

/** A quarantined version may be checked again, e.g. against other expectations; an accepted one stays: others built on it. */
export const versionTransitions: Transitions<DatasetVersionStatus> = {
  pending: ['accepted', 'quarantined'],
  quarantined: ['pending'],
  accepted: [],
};

/** A file of a version on this machine, whole and checked against its digest. Read-only. */
export interface LocalFile extends DataFile {
  /** Below the dataset's folder. */
  readonly place: string;
  readonly rows: number;
  readonly columns: readonly DatasetColumn[];
}

/** What a scan of a version gives. */
export interface ProfiledVersion {
  /** Null where it is made when somebody asks for it. */
  readonly profile: DatasetProfile | null;
  readonly eventTime: EventSpan | null;
}

export interface EventSpan {
  readonly min: number;
  readonly max: number;
}

/** What one file of a version holds, found by reading all of it. */
export interface FileScan {
  /** Null where no row has an event time. */
  readonly eventTime: EventSpan | null;
  /** Rows without event time. */
  readonly untimedRows: number;
}

/** Extremes over all files. */
export function spanOf(scans: readonly FileScan[]): EventSpan | null {
  const spans = scans.flatMap(({ eventTime }) => eventTime ?? []);
  if (spans.length === 0) return null;
  return { min: Math.min(...spans.map(({ min }) => min)), max: Math.max(...spans.map(({ max }) => max)) };
}

/** Where a file lies to a cut: all of its rows in it, none, or perhaps some. */
export function sideOf({ eventTime, untimedRows }: FileScan, cut: Cut): 'in' | 'out' | 'both' {
  const { eventTimeFrom: from = Number.NEGATIVE_INFINITY, eventTimeBefore: before = Number.POSITIVE_INFINITY } = cut;
  const isBounded = cut.eventTimeFrom !== undefined || cut.eventTimeBefore !== undefined;
  if (!isBounded) return 'in';
  if (!eventTime || eventTime.max < from || eventTime.min >= before) return 'out';
  // A row without event time is in no cut.
  return untimedRows === 0 && eventTime.min >= from && eventTime.max < before ? 'in' : 'both';
}

/** What a row is put aside for. */
export interface RowCondition {
  readonly rule: string;
  readonly column: string | null;
  readonly expected: string;
  /** SQL that is true for such a row of `data_rows`, and false or null for the others. */
  readonly violation: string;
  /** Other tables that it speaks of. */
  readonly tables?: Readonly<Record<string, readonly DataFile[]>>;
}

/** What people call a rule; also how a row that was put aside says that it broke it. */
export function ruleName({ rule, column }: Pick<RowCondition, 'rule' | 'column'>): string {
  return column === null ? rule : `${rule} of ${column}`;
}

/** A version after rows of it were put aside. */
export interface Split {
  readonly content: Pick<DatasetVersion, 'files' | 'columns' | 'digest' | 'rows' | 'sizeBytes' | 'fileCount'>;
  readonly quarantine: DatasetQuarantine;
  /** Of the rows that stay. */
  readonly profiled: ProfiledVersion;
}

/** The end of a check. */
export interface Settlement {
  readonly versionId: string;
  readonly status: 'accepted' | 'quarantined';
  /** Null when the content could not be read at all. */
  readonly profiled: ProfiledVersion | null;
  readonly report: ExpectationReport;
  /** Where it is accepted without some of its rows. */
  readonly split?: Split;
}

/** Digest of a snapshot: equal for the same bytes under the same names. */
export function contentDigest(files: readonly Pick<DatasetFile, 'path' | 'digest'>[]): string {
  return digestOf(files.map(({ path, digest }) => ({ path, digest })).toSorted(byPath));
}

/** The next snapshot: new files beside those of the one before, or in place of files of the same name. */
export function mergeFiles(before: readonly DatasetFile[], added: readonly DatasetFile[]): DatasetFile[] {
  const names = new Set(added.map((file) => file.path));
  return [...before.filter((file) => !names.has(file.path)), ...added].toSorted(byPath);
}

/** @throws DomainError INVALID_ARGUMENT unless all files are of one known format */
export function formatOf(files: readonly Pick<DatasetFile, 'path'>[]): DataFormat {
  const formats = new Set(files.map((file) => dataFormatOf(file.path)));
  const [format] = formats;
  if (formats.size === 1 && format !== undefined) return format;
  const odd = files.find((file) => dataFormatOf(file.path) === undefined);
  if (odd)
    throw invalid(`${odd.path} is neither .parquet nor .csv`, { field: odd.path, hint: 'Convert it to one of them.' });
  throw invalid(`A version holds files of one format, not ${[...formats].join(' and ')}`, {
    field: 'files',
    hint: 'Convert the files to one format, or register all of them with replace.',
  });
}

export interface Cut {
  /** Milliseconds; rows at it are in. */
  readonly eventTimeFrom?: number;
  /** Milliseconds; rows at it are out. */
  readonly eventTimeBefore?: number;
}

/** A cut as people read it. */
export function describeCut(column: string | null, { eventTimeFrom: from, eventTimeBefore: before }: Cut): string {
  const bounds = [
    ...(from === undefined ? [] : [`from ${new Date(from).toISOString()}`]),
    ...(before === undefined ? [] : [`before ${new Date(before).toISOString()}`]),
  ];
  return bounds.length === 0 ? 'all rows' : `${column ?? 'event time'} ${bounds.join(' ')}`;
}

/**
 * The columns of a version made of several: those of the first. The others must have them, in kinds that go together.
 * @throws DomainError INVALID_ARGUMENT naming the column and the version
 */
export function sharedColumns(versions: readonly Pick<DatasetVersion, 'id' | 'columns'>[]): readonly DatasetColumn[] {
  const columns = versions[0]?.columns ?? [];
  for (const other of versions.slice(1)) {
    for (const { name, type } of columns) {
      const match = other.columns.find((column) => column.name === name);
      if (match && kindOf(match.type) === kindOf(type)) continue;
      const reason = match ? `is ${match.type} there and ${type} in the first` : 'is not there';
      throw invalid(`Version ${other.id} cannot be joined: its column ${name} ${reason}`, {
        field: 'from',
        hint: 'Versions cut together need the columns of the first one.',
      });
    }
  }
  return columns;
}

/** Whole and other numbers go together. */
function kindOf(type: DatasetColumn['type']): string {
  return type === 'integer' ? 'number' : type;
}

function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

/** A version without its long parts. */
export function summaryOf(version: DatasetVersion): DatasetVersionSummary {
  const {
    files: _files,
    columns: _columns,
    eventTimeColumn: _column,
    parents: _parents,
    profile: _profile,
    report: _report,
    quarantine: _quarantine,
    ...rest
  } = version;
  return rest;
}
