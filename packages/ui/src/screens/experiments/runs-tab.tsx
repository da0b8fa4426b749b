import { useQuery } from '@tanstack/react-query';
import { startTransition, useCallback, useMemo, useState } from 'react';
import { api, useRead } from '../../app/api.ts';
import type { RunGroupReply } from '../../app/replies.ts';
import { Choice, Toggle } from '../../design/field.tsx';
import { count, counted } from '../../design/format.ts';
import { Empty, Quiet, Row } from '../../design/page.tsx';
import { Popover } from '../../design/popover.tsx';
import { Failure } from '../../design/problem.tsx';
import type { InSight } from '../../design/grid.tsx';
import { BulkBar } from './bulk-bar.tsx';
import { ColumnPanel } from './column-panel.tsx';
import { concrete, fieldOf, firstColumns, keyOf } from './columns.ts';
import { filterPlaceOf } from './filter-place.ts';
import { GroupPanel } from './group-panel.tsx';
import { useLast, useRunLines } from './run-lines.ts';
import { RunsTable } from './runs-table.tsx';
import { SearchBar } from './search-bar.tsx';
import { useView, type View } from './use-view.ts';
import { columnOf } from './view.ts';

/** Columns shown before anybody chose, of metrics and of params. */
const FIRST_COLUMNS = 5;
const SAMPLE_RUNS = 5;
const KEYS_EVERY_MS = 20_000;
/** Of each kind, as the server gives at most. */
const MOST_KEYS = 10_000;
const attributes = ['run_id', 'run_name', 'status', 'user_id', 'start_time', 'end_time'].map(
  (name) => `attributes.${name}`,
);
const datasets = ['dataset.name', 'dataset.digest', 'dataset.context'];

/** The runs of an experiment as a table. */
export function RunsTab({ experiment }: { experiment: string }) {
  const view = useView(experiment);
  const { search, asked, order, by, isNested, set } = view;
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [sight, setSight] = useState<InSight>({ first: 0, last: 0, columns: [] });
  const differing = useDiffering(view, search.differing === true);
  const groups = useGroups(view, sight.columns);
  const { lines, onNearEnd, error, isThere } = useRunLines({
    asked,
    order,
    isNested,
    groups: groups.data,
    by,
    open,
  });
  // Thousands of keys wait for the first rows.
  const failure = error ?? groups.error;
  const available = useAvailable(experiment, isThere || failure !== null);
  const total = useRead(api.experiments.countRuns, { body: asked }, { isKept: true });
  const base = useFirstColumns(experiment, search.columns);
  const columns = useMemo(() => {
    if (search.differing !== true || !differing) return base;
    return (search.columns ?? available).filter((column) => differing.has(column));
  }, [base, available, differing, search.differing, search.columns]);
  const vocabulary = useMemo(() => ({ fields: [...attributes, ...available.map(fieldOf), ...datasets] }), [available]);
  // Asking for what came into sight does not hold up the scrolling.
  const onSight = useCallback((next: InSight) => startTransition(() => setSight(next)), []);
  return (
    <>
      <Row>
        <SearchBar
          experiment={experiment}
          value={search.filter ?? ''}
          vocabulary={vocabulary}
          error={failure}
          onSearch={(filter) => set({ filter: filter === '' ? undefined : filter })}
        />
        <Choice
          label="Show"
          value={asked.view}
          options={[
            { value: 'active', label: 'active' },
            { value: 'deleted', label: 'deleted' },
          ]}
          onChoose={(chosenView) => set({ view: chosenView === 'deleted' ? chosenView : undefined })}
        />
        <Toggle
          label="Nest"
          isOn={isNested && by.length === 0}
          isDisabled={by.length > 0}
          onSet={(isOn) => set({ nest: isOn })}
        />
        <Toggle
          label="Only differing"
          isOn={search.differing === true}
          onSet={(isOn) => set({ differing: isOn ? true : undefined })}
        />
        <GroupPanel
          available={available}
          chosen={search.group ?? []}
          onChoose={(group) => set({ group: group.length === 0 ? undefined : [...group] })}
        />
        <Popover label={`Columns (${count(columns.length)} of ${count(available.length)})`} name="Columns" isWide>
          <WithDiffering view={view}>
            {(known) => (
              <ColumnPanel
                available={available}
                chosen={columns}
                differing={known}
                onChoose={(next) => set({ columns: [...next], differing: undefined }, true)}
              />
            )}
          </WithDiffering>
        </Popover>
      </Row>
      {failure != null && !filterPlaceOf(failure) && <Failure error={failure} />}
      <BulkBar experiment={experiment} chosen={chosen} view={asked.view} onClear={() => setChosen(new Set())} />
      {isThere && lines.length === 0 ? (
        <Empty title={search.filter === undefined ? `No ${asked.view} run` : 'No run meets this filter'}>
          {search.filter === undefined ? 'Choose the others above.' : 'Change or clear it above.'}
        </Empty>
      ) : !isThere && failure !== null ? (
        <Empty title="No rows yet">Correct the search above, and they come.</Empty>
      ) : (
        <RunsTable
          view={view}
          lines={lines}
          total={by.length > 0 ? lines.length : isNested ? undefined : total.data?.count}
          columns={columns}
          chosen={chosen}
          onChosen={setChosen}
          onOpen={(id) => setOpen(toggled(open, id))}
          onNearEnd={onNearEnd}
          onSight={onSight}
          sight={sight}
          isReady={isThere}
        />
      )}
      <Quiet>
        {total.data &&
          `${counted(total.data.count, 'run')}${by.length > 0 ? ` in ${counted(groups.data?.items.length ?? 0, 'group')}` : ''}`}
        {search.differing === true &&
          differing &&
          ` · ${counted(columns.length, 'column')} differ among the first 1,000 runs`}
      </Quiet>
    </>
  );
}

function WithDiffering({
  view,
  children,
}: {
  view: View;
  children(known: ReadonlySet<string> | undefined): React.ReactNode;
}) {
  return children(useDiffering(view, true));
}

function toggled(set: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(id)) next.add(id);
  return next;
}

/** Every key that may be a column. Read now and then, not at each fact: there may be thousands. */
function useAvailable(experiment: string, isEnabled: boolean): readonly string[] {
  const keys = useQuery({
    queryKey: ['run keys', experiment],
    queryFn: ({ signal }) => api.experiments.keys({ params: { experiment }, query: { limit: MOST_KEYS } }, signal),
    staleTime: KEYS_EVERY_MS,
    refetchInterval: KEYS_EVERY_MS,
    enabled: isEnabled,
    meta: { isLive: false },
  });
  return useMemo(() => {
    const { metrics = [], params = [], tags = [] } = keys.data ?? {};
    return [
      ...metrics.map((key) => `metrics.${key}`),
      ...params.map((key) => `params.${key}`),
      ...tags.map((key) => `tags.${key}`),
    ];
  }, [keys.data]);
}

function useDiffering({ asked, order }: View, isEnabled: boolean): ReadonlySet<string> | undefined {
  const found = useRead(
    api.experiments.differingKeys,
    { body: { ...asked, orderBy: order.orderBy } },
    { isEnabled, isLive: false, isKept: true },
  ).data;
  return useMemo(
    () =>
      found &&
      new Set([
        ...found.metrics.map((key) => `metrics.${key}`),
        ...found.params.map((key) => `params.${key}`),
        ...found.tags.map((key) => `tags.${key}`),
      ]),
    [found],
  );
}

/** Groups with figures of the metrics in sight, and of the one they are ordered by. */
function useGroups({ asked, by, search, valueOf }: View, shown: readonly string[]) {
  const first = search.sort?.[0];
  const sorted = columnOf(first);
  const byMetric = sorted?.startsWith('metrics.') ? sorted : undefined;
  const columns = new Set(shown.filter((column) => column.startsWith('metrics.')));
  if (byMetric !== undefined) columns.add(byMetric);
  const groups = useRead(
    api.experiments.groupRuns,
    { body: { ...asked, by: [...by], metrics: [...columns].map(keyOf) } },
    { isEnabled: by.length > 0, isKept: true },
  );
  const isDescending = first?.endsWith(' DESC') === true;
  const value = byMetric === undefined ? 'last' : valueOf(byMetric);
  const found = useLast(groups.data);
  const data = useMemo(() => {
    if (!found || byMetric === undefined) return found;
    const key = keyOf(byMetric);
    const which = concrete(value, key);
    const figureOf = (group: RunGroupReply): number | undefined =>
      group.metrics[key]?.[which === 'last' ? 'mean' : which];
    return {
      ...found,
      items: found.items.toSorted((a, b) => inOrder(figureOf(a), figureOf(b), isDescending)),
    };
  }, [found, byMetric, value, isDescending]);
  return { data, error: groups.error };
}

/** Those without a figure last, whichever way. */
function inOrder(a: number | undefined, b: number | undefined, isDescending: boolean): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  return isDescending ? b - a : a - b;
}

/** Columns before anybody chose. Not read again: runs that come later do not move them. */
function useFirstColumns(experiment: string, asked: readonly string[] | undefined): readonly string[] {
  const isEnabled = asked === undefined;
  const newest = useRead(
    api.experiments.searchRuns,
    { body: { experimentIds: [experiment], limit: SAMPLE_RUNS } },
    { isEnabled, isLive: false },
  ).data;
  const ids = newest?.items.map((run) => run.id) ?? [];
  const some = useRead(
    api.experiments.getRuns,
    { body: { ids } },
    { isEnabled: isEnabled && ids.length > 0, isLive: false },
  ).data;
  return useMemo(() => asked ?? (some ? firstColumns(some.items, FIRST_COLUMNS) : []), [asked, some]);
}
