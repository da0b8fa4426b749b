import { Link } from '@tanstack/react-router';
import { Empty, Page } from '../design/page.tsx';

export function NotFound() {
  return (
    <Page title="No such page">
      <Empty title="Nothing lives at this address">
        <Link to="/">Go to the overview</Link>
      </Empty>
    </Page>
  );
}
