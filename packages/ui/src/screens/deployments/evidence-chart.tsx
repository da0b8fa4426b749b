import type { api } from '../../app/api.ts';
import type { Reply } from '../../app/replies.ts';
import { Chart, type ChartData } from '../../design/chart.tsx';

type Judgement = Reply<typeof api.deployments.rollout>['judgements'][number];
type Check = Judgement['checks'][number];

/** Checks whose value is a log e-value: it may be looked at as often as one likes, and decides where it crosses its limit. */
const tested: readonly Check['check'][] = [
  'loss',
  'errors',
  'non-inferiority',
  'disagreement',
  'sample-ratio',
  'latency',
];

/** How the evidence of each test grew over the examples seen, with the line it must cross. */
export function EvidenceChart({ judgements }: { judgements: readonly Judgement[] }) {
  const inOrder = judgements.toSorted((left, right) => left.at - right.at || left.evidenceSeq - right.evidenceSeq);
  const charts = tested
    .map((check) => ({ check, data: dataOf(check, inOrder) }))
    .filter(({ data }) => data.x.length >= 2);
  return charts.map(({ check, data }) => (
    <Chart
      key={check}
      title={`Evidence: ${check.replaceAll('-', ' ')}`}
      unit="log e-value over examples"
      heightPx={180}
      data={data}
      empty="No judgement has measured it."
    />
  ));
}

function dataOf(name: Check['check'], judgements: readonly Judgement[]): ChartData {
  const points = new Map<number, Check>();
  for (const judgement of judgements) {
    const check = judgement.checks.find((candidate) => candidate.check === name && candidate.value !== null);
    if (check) points.set(check.n, check);
  }
  const checks = [...points.values()].toSorted((left, right) => left.n - right.n);
  const limit = checks.at(-1)?.limit;
  return {
    xKind: 'step',
    x: checks.map((check) => check.n),
    series: [{ label: 'log E', values: checks.map((check) => check.value), hue: 0 }],
    ...(limit !== null && limit !== undefined && { limits: [{ label: 'decides here', value: limit }] }),
  };
}
