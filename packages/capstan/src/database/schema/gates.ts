/** Never changed after it is written. */
export interface VerdictsTable {
  id: string;
  project: string;
  model: string;
  version: number;
  status: 'pass' | 'fail' | 'unknown';
  champion_version: number | null;
  /** Dataset version it was judged on. */
  evaluation: string;
  /** JSON: rows, window, metric, scores of the contenders. */
  measured: string;
  /** JSON: list of checks. */
  checks: string;
  /** One verdict for each key that callers give. */
  request_key: string | null;
  cycle: string | null;
  actor: string;
  created_at: number;
}

/** Append only: who answered for a version. */
export interface ApprovalsTable {
  model: string;
  version: number;
  /** 1, 2, … by version. */
  seq: number;
  role: string;
  actor: string;
  reason: string;
  created_at: number;
}

export interface GatesSchema {
  verdicts: VerdictsTable;
  approvals: ApprovalsTable;
}
