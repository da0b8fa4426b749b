// How a call of MLflow's REST API is written down: method, path, permission, audit name, limits.
import type { Method, Permission, RawRoute } from '../../route.ts';

export interface MlflowCall {
  readonly method: Method;
  /** Behind `/api` and `/ajax-api`, or the whole path for `at: 'root'`. */
  readonly path: string;
  readonly summary: string;
  readonly permission: Permission;
  readonly audit: string;
  readonly bodyLimitBytes: number;
  readonly bodyAs: RawRoute['bodyAs'];
  readonly at: 'both' | 'ajax' | 'root';
}

type Options = Partial<Pick<MlflowCall, 'permission' | 'bodyLimitBytes' | 'bodyAs' | 'at'>>;

const JSON_LIMIT_BYTES = 2_000_000;

export function read(path: string, summary: string, options: Options = {}): MlflowCall {
  const basics = { permission: 'read', audit: 'none', bodyLimitBytes: 0, bodyAs: 'none', at: 'both' } as const;
  return { method: 'GET', path, summary, ...basics, ...options };
}

/** A question that is asked by POST, since it is long. */
export function ask(path: string, summary: string, options: Options = {}): MlflowCall {
  const basics = {
    permission: 'read',
    audit: 'none',
    bodyLimitBytes: JSON_LIMIT_BYTES,
    bodyAs: 'bytes',
    at: 'both',
  } as const;
  return { method: 'POST', path, summary, ...basics, ...options };
}

export function change(
  method: Method,
  path: string,
  audit: string,
  summary: string,
  options: Options = {},
): MlflowCall {
  const basics = { permission: 'write', bodyLimitBytes: JSON_LIMIT_BYTES, bodyAs: 'bytes', at: 'both' } as const;
  return { method, path, audit, summary, ...basics, ...options };
}

/** Where most calls lie, behind `/api` and `/ajax-api`. */
export const core = '/2.0/mlflow';
