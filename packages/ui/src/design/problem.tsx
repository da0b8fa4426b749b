import { ApiError } from '@capstan/client/calls';
import css from './problem.module.css';
import { State } from './state.tsx';

/** What failed, why, what to do, under which request id. */
export function Failure({ error }: { error: unknown }) {
  const problem = error instanceof ApiError ? error.problem : undefined;
  // A refused filter shows below its reason where it is wrong.
  const [reason, ...source] = (problem?.detail ?? String(error)).split('\n');
  return (
    <div className={css['problem']} role="alert">
      <State tone="danger">{problem?.title ?? 'Something failed'}</State>
      <p>{reason}</p>
      {source.length > 0 && <pre className={css['source']}>{source.join('\n')}</pre>}
      {problem?.hint && <p>{problem.hint}</p>}
      {problem?.requestId && (
        <p>
          Request <code>{problem.requestId}</code>
        </p>
      )}
    </div>
  );
}
