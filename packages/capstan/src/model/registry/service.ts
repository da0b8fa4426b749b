import { aliasUseCases, type AliasUseCases } from './aliases.ts';
import type { RegistryDeps } from './deps.ts';
import { historyUseCases, type HistoryUseCases } from './history.ts';
import { importUseCases, type ImportUseCases } from './importing/import-model.ts';
import { fileUseCases, type FileUseCases } from './files.ts';
import { modelUseCases, type ModelUseCases } from './models.ts';
import { searchUseCases, type SearchUseCases } from './search.ts';
import { versionChangeUseCases, type VersionChangeUseCases } from './version-changes.ts';
import { versionUseCases, type VersionUseCases } from './versions.ts';

/** Every use case of the module. Each is one transaction; reads see what has been committed. */
export interface ModelRegistry
  extends
    ModelUseCases,
    VersionUseCases,
    VersionChangeUseCases,
    SearchUseCases,
    AliasUseCases,
    HistoryUseCases,
    FileUseCases,
    ImportUseCases {}

export function createRegistry(deps: RegistryDeps): ModelRegistry {
  return {
    ...modelUseCases(deps),
    ...versionUseCases(deps),
    ...versionChangeUseCases(deps),
    ...searchUseCases(deps),
    ...aliasUseCases(deps),
    ...historyUseCases(deps),
    ...fileUseCases(deps),
    ...importUseCases(deps),
  };
}
