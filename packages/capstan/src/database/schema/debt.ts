/** What was measured last. */
export interface DebtReportsTable {
  project: string;
  /** JSON: the items. */
  items: string;
  measured_at: number;
}

/** Debts by the time they were found and repaid. One that comes back is a new row. */
export interface DebtItemsTable {
  project: string;
  item_key: string;
  since: number;
  title: string;
  repaid_at: number | null;
}

/** Features that a champion was found to have or not to have a benefit of, by the verdict whose rows were used. */
export interface DebtFeaturesTable {
  verdict: string;
  /** JSON: benefit by feature. */
  benefits: string;
  measured_at: number;
}

export interface DebtSchema {
  debt_reports: DebtReportsTable;
  debt_items: DebtItemsTable;
  debt_features: DebtFeaturesTable;
}
