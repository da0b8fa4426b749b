import { useParams } from '@tanstack/react-router';
import { Page } from '../../design/page.tsx';
import { DatasetTable } from './dataset-table.tsx';

/** The data of a project. */
export function Datasets() {
  const { project } = useParams({ from: '/projects/$project/datasets' });
  return (
    <Page title="Datasets" about={`Data of ${project}, versioned by content and checked before use.`}>
      <DatasetTable project={project} />
    </Page>
  );
}
