/** Which experiment here stands for one of another tracker. */
export interface ImportExperimentsTable {
  /** Address of the tracker, without credentials. */
  source: string;
  source_id: string;
  experiment_id: number;
}

/** An object of another tracker that is here whole, as it was when its mark was made. */
export interface ImportMarksTable {
  source: string;
  kind: 'run' | 'logged-model' | 'registered-model' | 'trace' | 'evaluation-dataset' | 'scorer';
  id: string;
  mark: string;
}

export interface ImportsSchema {
  import_experiments: ImportExperimentsTable;
  import_marks: ImportMarksTable;
}
