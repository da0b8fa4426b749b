import { Link, useParams } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Page } from '../../design/page.tsx';

export function Prediction() {
  const { prediction } = useParams({ from: '/predictions/$prediction' });
  const now = useNow();
  const [deployment = '', ...rest] = prediction.split(':');
  const list = useRead(api.predictions.list, { params: { deployment }, query: { example: rest.join(':'), limit: 20 } });
  return (
    <Page title={`Prediction ${prediction}`}>
      <Loaded of={list}>
        {({ items }) => (items.length === 0 ? <Empty title="No such prediction" /> : <Link to="/">{now}</Link>)}
      </Loaded>
    </Page>
  );
}
