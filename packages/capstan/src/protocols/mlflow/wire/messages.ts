// Messages that several calls share.
import { double, enumOf, int32, int64, list, message, string } from './fields.ts';

export const keyValue = message({ key: string, value: string });
export const runStatus = enumOf('RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED');
export const viewType = enumOf('ACTIVE_ONLY', 'DELETED_ONLY', 'ALL');
export const loggedModelStatus = enumOf('LOGGED_MODEL_PENDING', 'LOGGED_MODEL_READY', 'LOGGED_MODEL_UPLOAD_FAILED');

export const metricFields = {
  key: string,
  value: double,
  timestamp: int64,
  step: int64,
  model_id: string,
  dataset_name: string,
  dataset_digest: string,
} as const;
export const metric = message(metricFields);

export const dataset = message({
  name: string,
  digest: string,
  source_type: string,
  source: string,
  schema: string,
  profile: string,
});

export const page = { filter: string, max_results: int32, order_by: list(string), page_token: string } as const;
export const runId = { run_id: string, run_uuid: string } as const;

const views = { ACTIVE_ONLY: 'active', DELETED_ONLY: 'deleted', ALL: 'all' } as const;

export function viewOf(name: keyof typeof views | undefined) {
  return views[name ?? 'ACTIVE_ONLY'];
}
