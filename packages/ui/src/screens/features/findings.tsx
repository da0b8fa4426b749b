import { useNow } from '../../app/api.ts';
import type { FeatureViewReply } from '../../app/replies.ts';
import { count, moment } from '../../design/format.ts';
import { Empty, Facts, Stack } from '../../design/page.tsx';
import { State } from '../../design/state.tsx';
import { Table } from '../../design/table.tsx';
import { Time } from '../../design/time.tsx';

type Check = NonNullable<FeatureViewReply['lastCheck']>;
type Example = Check['skew']['examples'][number];

/** What the last check of a feature view found. */
export function Findings({ view }: { view: FeatureViewReply }) {
  const now = useNow();
  const check = view.lastCheck;
  if (!check) {
    return (
      <Empty title="Not checked yet">
        The check makes the view of what was known at two moments of the past, and compares it with the view made of
        everything; then it compares the online store with the datasets.
      </Empty>
    );
  }
  const { leakage, skew } = check;
  return (
    <Stack>
      <Facts
        items={[
          ['Checked', <Time key="at" at={check.checkedAt} now={now} />],
          [
            'Past and future',
            <State key="leakage" tone={leakage.passed ? 'success' : 'danger'}>
              {leakage.passed ? 'the past does not depend on the future' : 'the past depends on the future'}
            </State>,
          ],
          ...leakage.cuts.map(
            ({ at, rows, different, missing, added }) =>
              [
                `Up to ${moment(at)}`,
                `${count(rows)} rows: ${count(different)} differ, ${count(missing)} missing, ${count(added)} too many`,
              ] as const,
          ),
          ['Taken whole', leakage.uncut.length > 0 ? `${leakage.uncut.join(', ')} (no event time)` : ''],
          ['Online and datasets', <Skew key="skew" skew={skew} />],
        ]}
      />
      {leakage.examples.length > 0 && (
        <Examples caption="Rows that the future changes" examples={leakage.examples} sides={['Whole', 'Known then']} />
      )}
      {skew.examples.length > 0 && (
        <Examples caption="Entities that differ" examples={skew.examples} sides={['Datasets', 'Online']} />
      )}
    </Stack>
  );
}

function Skew({ skew }: { skew: Check['skew'] }) {
  if (skew.materialization === null) return <State tone="unknown">nothing is served</State>;
  if (skew.passed) return <State tone="success">{`the same, ${count(skew.entities)} entities`}</State>;
  const age = skew.isStale ? '; the data or the view has changed since' : '';
  return (
    <State tone="attention">
      {`of ${count(skew.entities)} entities ${count(skew.different)} differ, ${count(skew.missing)} are missing${age}`}
    </State>
  );
}

function Examples(props: { caption: string; examples: readonly Example[]; sides: readonly [string, string] }) {
  const rows = props.examples.map((example, index) => ({ ...example, index }));
  return (
    <Table
      caption={props.caption}
      rows={rows}
      keyOf={(row) => row.index}
      columns={[
        {
          name: 'Entity',
          cell: ({ entity }) =>
            Object.entries(entity)
              .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
              .join(', '),
        },
        { name: 'Event time', isWhole: true, cell: (row) => (row.eventTime === null ? '' : moment(row.eventTime)) },
        { name: 'Feature', cell: (row) => row.feature },
        { name: props.sides[0], isNumber: true, cell: (row) => JSON.stringify(row.left) },
        { name: props.sides[1], isNumber: true, cell: (row) => JSON.stringify(row.right) },
      ]}
    />
  );
}
