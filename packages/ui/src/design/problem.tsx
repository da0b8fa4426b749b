import { ApiError } from '@capstan/client';
import css from './problem.module.css';
import { State } from './state.tsx';

/** What failed, why, what to do, under which request id. */
export function Failure({ error }: { error: unknown }) {
  const problem = error instanceof ApiError ? error.problem : undefined;
  return (
    <div className={css['problem']} role="alert">
      <State tone="danger">{problem?.title ?? 'Something failed'}</State>
      <p>{problem?.detail ?? String(error)}</p>
      {problem?.hint && <p>{problem.hint}</p>}
      {problem?.requestId && (
        <p>
          Request <code>{problem.requestId}</code>
        </p>
      )}
    </div>
  );
}
