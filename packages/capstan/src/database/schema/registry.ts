export interface RegisteredModelsTable {
  id: string;
  name: string;
  description: string | null;
  /** Project of the first version that came from one. */
  project: string | null;
  created_at: number;
  updated_at: number;
}

/** The greatest version number ever given under a name; outlives the model, so that no number is used twice. */
export interface ModelVersionCountersTable {
  name: string;
  last_version: number;
}

export interface RegisteredModelTagsTable {
  model_id: string;
  key: string;
  value: string;
}

export interface ModelVersionsTable {
  model_id: string;
  version: number;
  /** As the client gave it. */
  source: string;
  /** Artifact root and path inside it that the source stands for; null where Capstan does not hold the files. */
  artifact_root: string | null;
  artifact_path: string | null;
  /** Of a copy whose files Capstan does not hold: where they are. Its source only names the version copied. */
  files_uri: string | null;
  run_id: string | null;
  logged_model_id: string | null;
  run_link: string | null;
  description: string | null;
  stage: 'None' | 'Staging' | 'Production' | 'Archived';
  created_by: string;
  created_at: number;
  updated_at: number;
}

export interface ModelVersionTagsTable {
  model_id: string;
  version: number;
  key: string;
  value: string;
}

export interface ModelAliasesTable {
  model_id: string;
  alias: string;
  version: number;
}

/**
 * Append only: everything that happened to models, versions, tags and aliases, with the values that facts of the chain hold
 * only in short. Outlives what it is about. `seq` counts over all models.
 */
export interface ModelHistoryTable {
  seq: number;
  model_id: string;
  /** The model's name when it happened. */
  model: string;
  version: number | null;
  kind:
    | 'model.created'
    | 'model.renamed'
    | 'model.deleted'
    | 'description.set'
    | 'tag.set'
    | 'tag.removed'
    | 'version.created'
    | 'version.deleted'
    | 'stage.set'
    | 'alias.set'
    | 'alias.removed';
  /** Alias or key of the tag; else empty. */
  key: string;
  from_value: string | null;
  to_value: string | null;
  actor: string;
  reason: string | null;
  verdict_id: string | null;
  at: number;
  event_seq: number;
}

export interface RegistrySchema {
  registered_models: RegisteredModelsTable;
  model_version_counters: ModelVersionCountersTable;
  registered_model_tags: RegisteredModelTagsTable;
  model_versions: ModelVersionsTable;
  model_version_tags: ModelVersionTagsTable;
  model_aliases: ModelAliasesTable;
  model_history: ModelHistoryTable;
}
