import { useState, type ReactNode } from 'react';
import { Failure } from '../design/problem.tsx';

/** Something a button does: whether it is under way, and what failed. */
export function useAction(work: () => Promise<unknown>): { isBusy: boolean; failure: ReactNode; act(): void } {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const act = (): void => {
    setBusy(true);
    setError(null);
    work()
      .catch(setError)
      .finally(() => setBusy(false));
  };
  return { isBusy, act, failure: error === null ? null : <Failure error={error} /> };
}
