import { useNavigate } from '@tanstack/react-router';
import { api, refresh } from '../../app/api.ts';
import { Button } from '../../design/button.tsx';
import { useAction } from '../use-action.tsx';

/** Runs the pipeline anew with what a run was given: from a stage on, or all that has changed. */
export function RetryFrom({ run, stage }: { run: string; stage?: string }) {
  const navigate = useNavigate();
  const retry = useAction(async () => {
    const body = stage === undefined ? {} : { from: stage };
    const begun = await api.pipelines.retry({ params: { run }, body });
    await refresh();
    await navigate({ to: '/pipeline-runs/$run', params: { run: begun.id } });
  });
  return (
    <>
      <Button onClick={retry.act} disabled={retry.isBusy}>
        {stage === undefined ? 'Run again' : `Run again from ${stage}`}
      </Button>
      {retry.failure}
    </>
  );
}
