/** A project and the revision of its declaration in effect. */
export interface ProjectsTable {
  name: string;
  /** Absolute path of its folder on this machine. */
  folder: string;
  revision: number;
  created_at: number;
}

/** Every `capstan.yaml` that took effect: append only. */
export interface ProjectRevisionsTable {
  project: string;
  revision: number;
  folder: string;
  /** JSON of the YAML's plain values, as written. */
  written: string;
  /** SHA-256 of its canonical JSON. */
  digest: string;
  /** JSON list of changes against the revision before. */
  changes: string;
  actor: string;
  applied_at: number;
}

export interface DesignSchema {
  projects: ProjectsTable;
  project_revisions: ProjectRevisionsTable;
}
