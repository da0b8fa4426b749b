import { Link } from '@tanstack/react-router';
import { State } from '../design/state.tsx';
import { api, useRead } from './api.ts';
import type { NeedReply } from './replies.ts';
import css from './shell.module.css';

/** Replicas that fall silent tell no fact. */
const LOOK_AGAIN_MS = 10_000;

/** Whether somebody has to act, on what, and where it is seen; quiet only when nobody has to and nothing is at work. */
export function ServerState() {
  const status = useRead(api.system.status, {});
  const needs = useRead(api.needs.list, {}, { everyMs: () => LOOK_AGAIN_MS });
  const error = status.error ?? needs.error;
  if (error) return <State tone="danger">Server not reachable</State>;
  if (!status.data || !needs.data) return <State tone="unknown">Connecting</State>;
  const work = status.data.jobs.running + status.data.jobs.due;
  const { items } = needs.data;
  return (
    <span className={css['states']}>
      <span aria-live="polite">{items.length > 0 && <NeedsLink needs={items} />}</span>
      {work > 0 && <State tone="working">{`${work} jobs at work`}</State>}
      {items.length + work === 0 && <State tone="success">All quiet</State>}
    </span>
  );
}

/** The gravest kind with its number; leads to the page of the one thing, or to the overview, which lists all of them. */
function NeedsLink({ needs }: { needs: readonly NeedReply[] }) {
  const [first] = needs;
  if (!first) return null;
  const isAlike = ({ kind, gravity }: NeedReply): boolean => kind === first.kind && gravity === first.gravity;
  const alike = needs.filter(isAlike);
  const others = needs.length - alike.length;
  const count = new Set(alike.flatMap(({ subjects }) => subjects)).size;
  const words = `${count} ${nouns[first.kind][count === 1 ? 0 : 1]}${others === 0 ? '' : `, ${others} more`}`;
  return (
    <Link to={needs.length === 1 ? first.page : '/'} className={css['needs']}>
      <State tone={first.gravity}>{words}</State>
    </Link>
  );
}

/** Of one and of several. */
const nouns: Readonly<Record<NeedReply['kind'], readonly [string, string]>> = {
  'breaker-open': ['breaker open', 'breakers open'],
  'replica-differs': ['replica differs', 'replicas differ'],
  'revision-fails': ['revision fails', 'revisions fail'],
  'no-replica': ['deployment without a replica', 'deployments without a replica'],
  'rollout-held': ['rollout held', 'rollouts held'],
  'data-quarantined': ['dataset in quarantine', 'datasets in quarantine'],
  'pipeline-failed': ['pipeline failed', 'pipelines failed'],
  approval: ['approval waits', 'approvals wait'],
  alert: ['alert', 'alerts'],
};
