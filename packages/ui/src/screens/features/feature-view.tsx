import { Link, useParams } from '@tanstack/react-router';
import { api, refresh, useNow, useRead } from '../../app/api.ts';
import type { FeatureViewReply } from '../../app/replies.ts';
import { Button } from '../../design/button.tsx';
import { Command } from '../../design/copy.tsx';
import { count, duration } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Columns, Empty, Facts, Page, Row, Section } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';
import { Time } from '../../design/time.tsx';
import { useAction } from '../use-action.tsx';
import { Findings } from './findings.tsx';
import { FeatureState } from './feature-state.tsx';
import { LookUp } from './look-up.tsx';

/** A feature view: its columns, what is served of it, what its check found, and how to use it. */
export function FeatureView() {
  const { project, view: name } = useParams({ from: '/projects/$project/features/$view' });
  const views = useRead(api.features.list, { params: { project } });
  const view = views.data?.items.find((each) => each.name === name);
  const params = { project, view: name };
  const materialize = useAction(() => shown(api.features.materialize({ params })));
  const check = useAction(() => shown(api.features.check({ params })));
  return (
    <Page
      title={name}
      state={view && <FeatureState view={view} />}
      about={view?.description ?? undefined}
      actions={
        view && (
          <Row>
            <Button onClick={check.act} disabled={check.isBusy}>
              {check.isBusy ? 'Checking…' : 'Check'}
            </Button>
            <Button onClick={materialize.act} disabled={materialize.isBusy}>
              {materialize.isBusy ? 'Materializing…' : 'Materialize'}
            </Button>
          </Row>
        )
      }
    >
      {materialize.failure}
      {check.failure}
      <Loaded of={views}>
        {() =>
          view ? (
            <Shown project={project} view={view} />
          ) : (
            <Empty title={`capstan.yaml of ${project} declares no feature view ${name}`} />
          )
        }
      </Loaded>
    </Page>
  );
}

/** Shows what came of it, failures too: they are recorded. */
async function shown(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } finally {
    await refresh();
  }
}

function Shown({ project, view }: { project: string; view: FeatureViewReply }) {
  const columns = [
    ...view.entities.map((column) => ({ ...column, role: 'entity' })),
    { name: view.eventTime, type: 'timestamp', role: 'event time' },
    ...view.features.map((column) => ({ ...column, role: 'feature' })),
  ];
  return (
    <Columns aside={<About view={view} />}>
      {view.fault !== null && <Empty title="It cannot be computed">{view.fault}</Empty>}
      <Section title="Columns">
        <Table
          caption="Columns"
          rows={columns}
          keyOf={(row) => row.name}
          columns={[
            { name: 'Column', cell: (row) => row.name },
            { name: 'Role', cell: (row) => row.role },
            { name: 'Type', cell: (row) => row.type },
          ]}
        />
      </Section>
      <Section title="Check" note="whether its past depends on its future, and whether both stores say the same">
        <Findings view={view} />
      </Section>
      {view.isOnline && view.lastMaterialization && view.fault === null && (
        <Section title="Look up" note="the latest features of an entity, from the online store">
          <LookUp project={project} view={view} />
        </Section>
      )}
      <Section title="Training set" note="rows of a dataset, each with what was known at its time">
        <Command>{`capstan features training-set ${project} ${view.name} --rows DATASET -o train.parquet`}</Command>
      </Section>
      <Section title="Definition" note={view.path}>
        <Command>{view.sql}</Command>
      </Section>
    </Columns>
  );
}

function About({ view }: { view: FeatureViewReply }) {
  const now = useNow();
  const last = view.lastMaterialization;
  return (
    <Facts
      items={[
        ['Entities', view.entities.map(({ name }) => name).join(', ')],
        ['Event time', view.eventTime],
        ['Counts for', view.ttlMs === null ? 'ever' : duration(view.ttlMs)],
        ['Online', view.isOnline ? 'kept up to date' : 'no: training only'],
        ['Brought up to date', last ? <Time key="at" at={last.endedAt} now={now} /> : 'never'],
        ['Failed', last?.status === 'failed' ? (last.reason ?? 'yes') : ''],
        ['Entities served', last ? count(last.entities) : ''],
        ['Newest event time', last?.newest != null ? <Time key="newest" at={last.newest} now={now} /> : ''],
        ...Object.entries(view.versions).map(
          ([dataset, version]) =>
            [
              `Reads ${dataset}`,
              <Link key={dataset} to="/dataset-versions/$version" params={{ version }}>
                newest accepted version
              </Link>,
            ] as const,
        ),
      ]}
    />
  );
}
