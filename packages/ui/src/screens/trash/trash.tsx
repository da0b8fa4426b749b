import { useState } from 'react';
import { api, refresh, useNow, useRead } from '../../app/api.ts';
import type { Item } from '../../app/replies.ts';
import { Button } from '../../design/button.tsx';
import { Command, Id } from '../../design/copy.tsx';
import { bytes, count, counted, duration } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Page, Row } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';
import { Time } from '../../design/time.tsx';
import { TypedAction } from '../../design/typed-dialog.tsx';
import { useAction } from '../use-action.tsx';

type TrashItem = Item<typeof api.trash.list>;

const SHOWN = 500;
const kinds = { experiment: 'Experiment', run: 'Run', 'logged-model': 'Logged model' } as const;

const keyOf = (item: TrashItem): string => `${item.kind}:${item.id}`;

/** What was deleted: to be restored, or removed for good. */
export function Trash() {
  const trash = useRead(api.trash.list, { query: { limit: SHOWN } });
  return (
    <Page
      title="Trash"
      about={
        trash.data &&
        (trash.data.retentionMs === null
          ? 'What is deleted stays here until somebody purges it.'
          : `What is deleted stays here for ${duration(trash.data.retentionMs)}, then it is purged.`)
      }
    >
      <Loaded of={trash}>
        {({ items, nextCursor }) =>
          items.length === 0 ? (
            <Empty title="The trash is empty">
              <Command>capstan gc --dry-run</Command>
            </Empty>
          ) : (
            <>
              <Items items={items} />
              {nextCursor !== undefined && <p>{`There is more: these are the last ${SHOWN} that were deleted.`}</p>}
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

function Items({ items }: { items: readonly TrashItem[] }) {
  const now = useNow();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const selected = items.filter((item) => chosen.has(keyOf(item)));
  const body = {
    experiments: idsOf(selected, 'experiment'),
    runs: idsOf(selected, 'run'),
    loggedModels: idsOf(selected, 'logged-model'),
  };
  const finish = async (): Promise<void> => {
    setChosen(new Set());
    await refresh();
  };
  const restore = useAction(async () => {
    await api.trash.restore({ body });
    await finish();
  });
  const toggle = (keys: readonly string[], isOn: boolean): void => {
    const next = new Set(chosen);
    for (const key of keys) {
      if (isOn) next.add(key);
      else next.delete(key);
    }
    setChosen(next);
  };
  return (
    <>
      <Row>
        <label>
          <input
            type="checkbox"
            checked={selected.length === items.length}
            onChange={(event) => toggle(items.map(keyOf), event.target.checked)}
          />{' '}
          All
        </label>
        <span>{`${count(selected.length)} chosen, ${bytes(selected.reduce((sum, item) => sum + item.sizeBytes, 0))}`}</span>
        <Button disabled={selected.length === 0 || restore.isBusy} onClick={restore.act}>
          Restore
        </Button>
        <TypedAction
          label="Purge"
          word="purge"
          isDisabled={selected.length === 0}
          foresee={async () => effectOf(await api.trash.purge({ body: { ...body, isDryRun: true } }))}
          act={async () => {
            await api.trash.purge({ body });
            await finish();
          }}
        />
      </Row>
      {restore.failure}
      <Table
        caption="Trash"
        rows={items}
        keyOf={keyOf}
        columns={[
          {
            name: 'Chosen',
            cell: (row) => (
              <input
                type="checkbox"
                aria-label={`Choose ${kinds[row.kind].toLowerCase()} ${row.name}`}
                checked={chosen.has(keyOf(row))}
                onChange={(event) => toggle([keyOf(row)], event.target.checked)}
              />
            ),
          },
          { name: 'Kind', sortBy: (row) => row.kind, cell: (row) => kinds[row.kind] },
          { name: 'Name', sortBy: (row) => row.name, cell: (row) => row.name },
          { name: 'Id', cell: (row) => <Id value={row.id} /> },
          { name: 'Experiment', sortBy: (row) => row.experimentName, cell: (row) => row.experimentName },
          { name: 'Deleted', sortBy: (row) => row.deletedAt, cell: (row) => <Time at={row.deletedAt} now={now} /> },
          {
            name: 'Purged by itself',
            sortBy: (row) => row.purgeAt,
            cell: (row) => (row.purgeAt === null ? 'never' : <Time at={row.purgeAt} now={now} />),
          },
          { name: 'Runs', isNumber: true, cell: (row) => (row.kind === 'experiment' ? count(row.runs) : '') },
          { name: 'Files', isNumber: true, sortBy: (row) => row.sizeBytes, cell: (row) => bytes(row.sizeBytes) },
          { name: 'Held by', cell: (row) => row.heldBy.join(', ') },
        ]}
      />
    </>
  );
}

function idsOf(items: readonly TrashItem[], kind: TrashItem['kind']): string[] {
  return items.filter((item) => item.kind === kind).map((item) => item.id);
}

function effectOf(report: Awaited<ReturnType<typeof api.trash.purge>>): string {
  const things = [
    counted(report.experiments, 'experiment'),
    counted(report.runs, 'run'),
    counted(report.loggedModels, 'logged model'),
  ];
  return `Removes ${things.join(', ')}: ${counted(report.rows, 'row')}, and ${bytes(report.freed.bytes)} that nothing else has.`;
}
