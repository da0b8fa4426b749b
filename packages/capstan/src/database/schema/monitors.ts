import type { AlertKind, MonitorVerdict } from '@capstan/api';

/** What a revision's training data looked like, over bins that never change. */
export interface MonitorReferencesTable {
  deployment: string;
  revision: number;
  /** JSON: columns with bins and counts, or why there are none. */
  body: string;
  measured_at: number;
}

/** One row for each window that was judged. */
export interface MonitorWindowsTable {
  project: string;
  monitor: string;
  window_from: number;
  window_before: number;
  revision: number | null;
  model_version: number | null;
  verdict: MonitorVerdict;
  reason: string;
  n: number;
  /** JSON: columns and performance. */
  body: string;
  event_seq: number;
  judged_at: number;
}

export interface MonitorAlertsTable {
  id: string;
  project: string;
  monitor: string;
  kind: AlertKind;
  reason: string;
  window_from: number;
  window_before: number;
  revision: number | null;
  event_seq: number;
  raised_at: number;
  resolved_at: number | null;
  resolution: string | null;
}

export interface MonitorsSchema {
  monitor_references: MonitorReferencesTable;
  monitor_windows: MonitorWindowsTable;
  monitor_alerts: MonitorAlertsTable;
}
