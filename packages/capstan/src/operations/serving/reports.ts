import { modelDigest, type ReplicaReport, type Snapshot } from '@capstan/api';
import type { ControlPlane, ReportAnswer } from './control-plane.ts';
import type { ServedState } from './served-state.ts';

export interface ReportsDeps {
  readonly controlPlane: Pick<ControlPlane, 'report'>;
  readonly replica: string;
  /** Of the processes that share its port. */
  readonly portGroup: string;
  state(): {
    readonly url: string;
    readonly current: Snapshot | undefined;
    readonly states: ReadonlyMap<string, ServedState>;
    /** What the loading of a model is at. */
    progressOf(key: ServedState['loading'][number]['key']): string | undefined;
  };
  counters(): ReplicaReport['counters'];
  /** Told what the control plane said to a report. */
  onAnswer(answer: ReportAnswer): void;
}

/** What a replica tells the control plane of itself. */
export interface Reports {
  /** @throws DomainError UNAVAILABLE */
  send(): Promise<void>;
  /** Only what another decision may follow from. Returns whether there was any. @throws DomainError UNAVAILABLE */
  sendNews(): Promise<boolean>;
  /** Whether the control plane knows what is served here now. */
  isKnown(): boolean;
  /** Every few seconds, and each second while there is an answer to be waited for. */
  sendRegularly(isWaiting: () => boolean, onFailure: (error: unknown) => void): { stop(): void };
}

const MAX_NOTE_LENGTH = 300;
const REPORT_EVERY_MS = 5_000;
/** What it may not answer it may answer again as soon as another replica is gone. */
const REPORT_WITHHELD_EVERY_MS = 1_000;

export function createReports(deps: ReportsDeps): Reports {
  /** What the control plane has acknowledged of what is served here. */
  let acknowledged = '';

  async function send(): Promise<void> {
    const body = reportOf(deps);
    if (!body) return;
    deps.onAnswer((await deps.controlPlane.report(deps.replica, body)) ?? {});
    acknowledged = newsOf(body);
  }

  return {
    send,
    async sendNews() {
      if (newsOf(reportOf(deps)) === acknowledged) return false;
      await send();
      return true;
    },
    sendRegularly(isWaiting, onFailure) {
      let sentAt = performance.now();
      let sending: Promise<void> | undefined;
      const timer = setInterval(() => {
        const isDue = performance.now() - sentAt >= REPORT_EVERY_MS - REPORT_WITHHELD_EVERY_MS / 2;
        if (sending || !(isDue || isWaiting())) return;
        sentAt = performance.now();
        sending = send()
          .catch(onFailure)
          .finally(() => (sending = undefined));
      }, REPORT_WITHHELD_EVERY_MS);
      return { stop: () => clearInterval(timer) };
    },
    isKnown: () => acknowledged !== '' && acknowledged === newsOf(reportOf(deps)),
  };
}

function reportOf(deps: ReportsDeps): ReplicaReport | undefined {
  const { url, current, states, progressOf } = deps.state();
  if (!current) return undefined;
  return {
    url,
    portGroup: deps.portGroup,
    snapshotVersion: current.version,
    serving: [...states].flatMap(([deployment, state]) =>
      [...state.revisions].map(([revision, { model }]) => {
        const { digest, serving: settings } = model;
        return { deployment, revision, digest: modelDigest.parse(digest), ...(settings && { settings }) };
      }),
    ),
    failures: [...states].flatMap(([deployment, state]) =>
      state.failures.map((failure) => ({ deployment, ...failure })),
    ),
    warnings: [...states].flatMap(([deployment, state]) => warningsOf(deployment, state)),
    loading: [...states].flatMap(([deployment, state]) =>
      state.loading.map(({ revision, key }) => {
        return { deployment, revision, note: (progressOf(key) ?? '').slice(0, MAX_NOTE_LENGTH) };
      }),
    ),
    counters: deps.counters(),
  };
}

function warningsOf(deployment: string, { revisions }: ServedState): NonNullable<ReplicaReport['warnings']> {
  return [...revisions].flatMap(([revision, { warmUp }]) => {
    if (!warmUp?.hasFailed) return [];
    const reason = `it failed on what was logged of late: ${warmUp.note}`.slice(0, MAX_NOTE_LENGTH);
    return [{ deployment, revision, reason }];
  });
}

/** What another decision may follow from; counters change with each answer and come by the way. */
function newsOf(report: ReplicaReport | undefined): string {
  if (!report) return '';
  const { url, snapshotVersion, serving, failures, loading, warnings } = report;
  return JSON.stringify({ url, snapshotVersion, serving, failures, loading, warnings });
}
