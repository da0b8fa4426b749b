import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { api, useRead } from '../../app/api.ts';
import type { DatasetVersionReply } from '../../app/replies.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Empty } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';

interface Used {
  readonly key: string;
  readonly what: string;
  readonly name: ReactNode;
  readonly note: string;
}

/** Where a version came from and what was made of it. */
export function Use({ version }: { version: DatasetVersionReply }) {
  const usage = useRead(api.lineage.usage, { params: { version: version.id } });
  return (
    <Loaded of={usage}>
      {({ pipelineRuns, runs, models, derived }) => {
        const rows: Used[] = [
          ...version.parents.map((parent) => ({
            key: `from ${parent.versionId}`,
            what: 'made from',
            name: <VersionLink id={parent.versionId} words={parent.versionId} />,
            note: parent.how,
          })),
          ...models.map(({ model, version: number }) => ({
            key: `model ${model}/${number}`,
            what: 'model version',
            name: (
              <Link to="/models/$model/versions/$version" params={{ model, version: String(number) }}>
                {`${model} version ${number}`}
              </Link>
            ),
            note: 'trained by a pipeline that read it',
          })),
          ...pipelineRuns.map(({ id, number, status }) => ({
            key: id,
            what: 'pipeline run',
            name: (
              <Link to="/pipeline-runs/$run" params={{ run: id }}>
                {`run ${number}`}
              </Link>
            ),
            note: status,
          })),
          ...runs.map(({ id, name, status }) => ({
            key: id,
            what: 'run',
            name: (
              <Link to="/runs/$run" params={{ run: id }}>
                {name}
              </Link>
            ),
            note: status.toLowerCase(),
          })),
          ...derived.map(({ versionId, dataset, number, how }) => ({
            key: versionId,
            what: 'cut',
            name: <VersionLink id={versionId} words={`${dataset} version ${number}`} />,
            note: how,
          })),
        ];
        return rows.length === 0 ? (
          <Empty title="Nothing was made of this version yet">
            Pipeline runs that are given it, their runs and models, and cuts of it are listed here.
          </Empty>
        ) : (
          <Table
            caption="Use"
            rows={rows}
            keyOf={(row) => row.key}
            columns={[
              { name: 'What', sortBy: (row) => row.what, cell: (row) => row.what },
              { name: 'Name', cell: (row) => row.name },
              { name: 'Note', cell: (row) => row.note },
            ]}
          />
        );
      }}
    </Loaded>
  );
}

function VersionLink({ id, words }: { id: string; words: string }) {
  return (
    <Link to="/dataset-versions/$version" params={{ version: id }}>
      {words}
    </Link>
  );
}
