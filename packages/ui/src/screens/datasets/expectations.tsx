import { useState } from 'react';
import { api, refresh, useNow, useRead } from '../../app/api.ts';
import type { ExpectationTestReply, ExpectationTestSummary } from '../../app/replies.ts';
import { Button } from '../../design/button.tsx';
import { Command } from '../../design/copy.tsx';
import { Choice } from '../../design/field.tsx';
import { counted, percent } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Meter } from '../../design/meter.tsx';
import { Empty, Quiet, Row, Section, Stack } from '../../design/page.tsx';
import { State } from '../../design/state.tsx';
import { Table } from '../../design/table.tsx';
import { Time } from '../../design/time.tsx';
import { useAction } from '../use-action.tsx';

/** What the expectations of a dataset would find: tests of them, fault by fault. */
export function Expectations({
  project,
  dataset,
  file,
}: {
  project: string;
  dataset: string;
  file: string | undefined;
}) {
  const params = { project, dataset };
  const tests = useRead(api.expectations.tests, { params, query: { limit: 50 } });
  const [chosen, choose] = useState<string>();
  const start = useAction(async () => {
    await api.expectations.startTest({ params, body: {} });
    choose(undefined);
    await refresh();
  });
  return (
    <Stack>
      <Row>
        <Button onClick={start.act} disabled={start.isBusy}>
          {start.isBusy ? 'Asking…' : 'Test the expectations'}
        </Button>
        <Quiet>Puts faults into copies of the newest accepted version, one by one, and looks which rules break.</Quiet>
      </Row>
      {start.failure}
      {file === undefined && (
        <Empty title="No file of expectations is declared">
          <span>A first one is made from the profile of a version; name it under the dataset in capstan.yaml:</span>
          <Command>{`capstan expectations suggest ${dataset} -o expectations/${dataset}.yaml`}</Command>
        </Empty>
      )}
      <Loaded of={tests}>
        {({ items }) => {
          const shown = items.find(({ id }) => id === chosen) ?? items[0];
          if (!shown) return <Empty title="They have not been tested yet" />;
          return <Tests tests={items} shown={shown} onChoose={choose} />;
        }}
      </Loaded>
    </Stack>
  );
}

function Tests(props: {
  tests: readonly ExpectationTestSummary[];
  shown: ExpectationTestSummary;
  onChoose(id: string): void;
}) {
  const now = useNow();
  const { shown, tests } = props;
  return (
    <Section
      title="Faults found"
      note={
        <>
          version {shown.number}, seed {shown.seed}, <Time at={shown.createdAt} now={now} />
        </>
      }
    >
      {tests.length > 1 && (
        <Choice
          label="Test"
          value={shown.id}
          options={tests.map((test) => ({ value: test.id, label: labelOf(test) }))}
          onChoose={props.onChoose}
        />
      )}
      <Outcome test={shown} />
    </Section>
  );
}

function labelOf({ status, number, score, createdAt }: ExpectationTestSummary): string {
  const outcome = status === 'done' ? (score === null ? 'no fault' : percent(score)) : status;
  return `${new Date(createdAt).toISOString().slice(0, 16).replace('T', ' ')}, version ${number}: ${outcome}`;
}

function Outcome({ test }: { test: ExpectationTestSummary }) {
  const read = useRead(api.expectations.getTest, { params: { test: test.id } }, { isEnabled: test.status === 'done' });
  if (test.status === 'running') return <State tone="working">under way</State>;
  if (test.status === 'failed') {
    return (
      <>
        <State tone="danger">failed</State>
        <p>{test.error}</p>
      </>
    );
  }
  return (
    <>
      <Score test={test} />
      <Loaded of={read}>{(found) => <Faults test={found} />}</Loaded>
    </>
  );
}

function Score({ test }: { test: ExpectationTestSummary }) {
  if (test.score === null) return <Empty title="No fault could be put into this version" />;
  return (
    <Row>
      <ScoreBar label="Found" part={test.caught} of={test.injected} note="by any rule" />
      <ScoreBar label="Kept out" part={test.stopped} of={test.injected} note="by a rule that is an error" />
    </Row>
  );
}

function ScoreBar({ label, part, of, note }: { label: string; part: number; of: number; note: string }) {
  return (
    <Meter
      label={label}
      share={part / of}
      kind="share"
      text={`${percent(part / of)} · ${part} of ${counted(of, 'fault')}`}
      note={note}
    />
  );
}

function Faults({ test }: { test: ExpectationTestReply }) {
  const missed = test.faults.filter(({ caught }) => !caught);
  const found = test.faults.filter(({ caught }) => caught);
  return (
    <>
      {test.brokenBefore.length > 0 && (
        <p>
          <State tone="attention">broken before any fault</State> {test.brokenBefore.map(nameOf).join(', ')}: these find
          nothing.
        </p>
      )}
      {missed.length > 0 && (
        <>
          <h3>{`${counted(missed.length, 'fault')} would go unseen`}</h3>
          <Table
            caption="Faults that would go unseen"
            rows={missed}
            keyOf={(row) => row.what}
            columns={[
              { name: 'Fault', sortBy: (row) => row.what, cell: (row) => row.what },
              { name: 'Kind', sortBy: (row) => row.kind, isWhole: true, cell: (row) => words(row.kind) },
              { name: 'What would find it', cell: (row) => <Remedies remedies={row.remedies} /> },
            ]}
          />
        </>
      )}
      {found.length > 0 && (
        <>
          <h3>{`${counted(found.length, 'fault')} found`}</h3>
          <Table
            caption="Faults found"
            rows={found}
            keyOf={(row) => row.what}
            columns={[
              { name: 'Fault', sortBy: (row) => row.what, cell: (row) => row.what },
              {
                name: 'Outcome',
                sortBy: (row) => row.severity,
                isWhole: true,
                cell: (row) =>
                  row.severity === 'error' ? (
                    <State tone="success">kept out</State>
                  ) : (
                    <State tone="attention">only warned</State>
                  ),
              },
              { name: 'By', cell: (row) => row.caughtBy.map(nameOf).join(', ') },
              { name: 'Observed', cell: (row) => row.caughtBy[0]?.observed },
            ]}
          />
        </>
      )}
    </>
  );
}

function Remedies({ remedies }: { remedies: ExpectationTestReply['faults'][number]['remedies'] }) {
  const [first] = remedies;
  if (!first) return <Quiet>no rule on one column; perhaps a check across columns</Quiet>;
  const more = [...new Set(remedies.map(({ rule }) => words(rule)))].filter((rule) => rule !== words(first.rule));
  return (
    <>
      <code>{first.setting}</code>
      {more.length > 0 && <Quiet>{` or ${more.slice(0, 2).join(', ')}`}</Quiet>}
    </>
  );
}

function nameOf({ rule, column }: { rule: string; column: string | null }): string {
  return `${words(rule)}${column === null ? '' : ` of ${column}`}`;
}

function words(name: string): string {
  return name.replaceAll('_', ' ');
}
