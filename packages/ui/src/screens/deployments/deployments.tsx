import { api, useRead } from '../../app/api.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Page } from '../../design/page.tsx';
import { Live } from './live.tsx';

/** All that is served. */
export function Deployments() {
  const deployments = useRead(api.deployments.list, { query: {} });
  return (
    <Page title="Deployments">
      <Loaded of={deployments}>{({ items }) => <Live deployments={items} />}</Loaded>
    </Page>
  );
}
