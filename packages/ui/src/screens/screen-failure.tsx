import type { ErrorComponentProps } from '@tanstack/react-router';
import { Button } from '../design/button.tsx';
import { Page } from '../design/page.tsx';
import { Failure } from '../design/problem.tsx';

/** A screen that could not be drawn, or whose code did not come: the rest of the page still works. */
export function ScreenFailure({ error, reset }: ErrorComponentProps) {
  return (
    <Page title="This screen failed" actions={<Button onClick={reset}>Try again</Button>}>
      <Failure error={error} />
    </Page>
  );
}
