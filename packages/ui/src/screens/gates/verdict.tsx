import type { GateVerdict } from '../../app/replies.ts';
import { Link, useParams } from '@tanstack/react-router';
import { api, useNow, useRead } from '../../app/api.ts';
import { Id } from '../../design/copy.tsx';
import { Decisions, DecisionState } from '../../design/decisions.tsx';
import { count, figure } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Facts, Halves, Page } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';
import { Span, Time } from '../../design/time.tsx';

/** One verdict on a page of its own, to be linked to. */
export function Verdict() {
  const { verdict } = useParams({ from: '/verdicts/$verdict' });
  const read = useRead(api.gates.get, { params: { verdict } });
  return (
    <Page
      title={read.data ? `Verdict on ${read.data.model} v${read.data.version}` : 'Verdict'}
      state={read.data && <DecisionState status={read.data.status} />}
    >
      <Loaded of={read}>{(data) => <VerdictDetail verdict={data} />}</Loaded>
    </Page>
  );
}

/** What the gates said of a version, on what, and how the contenders did. */
export function VerdictDetail({ verdict }: { verdict: GateVerdict }) {
  const now = useNow();
  const { evaluation } = verdict;
  const contenders = [
    { name: `candidate v${verdict.version}`, score: evaluation.candidate },
    {
      name: verdict.championVersion === null ? 'champion' : `champion v${verdict.championVersion}`,
      score: evaluation.champion,
    },
    { name: 'baseline', score: evaluation.baseline },
  ].filter((contender) => contender.score !== null);
  return (
    <article aria-label={`Verdict ${verdict.id}`}>
      <Halves>
        <Facts
          items={[
            ['Verdict', <DecisionState key="status" status={verdict.status} />],
            [
              'Version',
              <Link
                key="version"
                to="/models/$model/versions/$version"
                params={{ model: verdict.model, version: String(verdict.version) }}
              >
                {`${verdict.model} v${verdict.version}`}
              </Link>,
            ],
            [
              'Judged on',
              <span key="on">
                <Link to="/dataset-versions/$version" params={{ version: evaluation.datasetVersionId }}>
                  {`${count(evaluation.rows)} labelled rows`}
                </Link>
                {evaluation.from !== null && evaluation.to !== null && (
                  <>
                    , <Span from={evaluation.from} to={evaluation.to} />
                  </>
                )}
              </span>,
            ],
            [
              'Given',
              <span key="at">
                by {verdict.actor} <Time at={verdict.at} now={now} />
              </span>,
            ],
            ['Id', <Id key="id" value={verdict.id} isWhole />],
          ]}
        />
        <Table
          caption="Contenders on the same rows"
          rows={contenders}
          keyOf={(row) => row.name}
          columns={[
            { name: 'Contender', cell: (row) => row.name },
            { name: evaluation.metric.replace('_', ' '), isNumber: true, cell: (row) => figure(row.score?.loss) },
            { name: 'AUC', isNumber: true, cell: (row) => figure(row.score?.auc) },
          ]}
        />
      </Halves>
      <Decisions
        caption="Checks"
        decisions={verdict.checks.map((check) => ({ ...check, name: check.check.replaceAll('_', ' ') }))}
      />
    </article>
  );
}
