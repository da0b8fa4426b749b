import type {
  CycleSummary,
  DatasetVersionSummary,
  Deployment,
  MonitorAlert,
  Need,
  PipelineRunSummary,
  Rollout,
} from '@capstan/api';

export interface ProjectState {
  readonly project: string;
  /** The newest ones. */
  readonly pipelineRun: PipelineRunSummary | undefined;
  readonly cycle: CycleSummary | undefined;
}

export interface Facts {
  readonly deployments: readonly Deployment[];
  readonly projects: readonly ProjectState[];
  /** Datasets whose newest version is in quarantine. */
  readonly quarantined: readonly Pick<DatasetVersionSummary, 'id' | 'project' | 'dataset' | 'number'>[];
  /** Alarms that stand. */
  readonly alerts: readonly (Pick<MonitorAlert, 'monitor' | 'reason'> & { readonly project: string })[];
}

/** What a person should see to, the gravest first. */
export function needsOf({ deployments, projects, quarantined, alerts }: Facts): Need[] {
  const needs = [
    ...deployments.flatMap(deploymentNeeds),
    ...quarantined.map(({ id, project, dataset, number }) =>
      attention('data-quarantined', project, {
        text: `${dataset} version ${number} is in quarantine`,
        subjects: [`dataset-version:${id}`],
        page: `/dataset-versions/${id}`,
      }),
    ),
    ...projects.flatMap(projectNeeds),
    ...alerts.map(({ project, monitor, reason }) =>
      attention('alert', project, {
        text: `${monitor}: ${reason}`,
        subjects: [`monitor:${project}/${monitor}`],
        page: `/projects/${encodeURIComponent(project)}/monitors/${encodeURIComponent(monitor)}`,
      }),
    ),
  ];
  return needs.toSorted((left, right) => Number(right.gravity === 'danger') - Number(left.gravity === 'danger'));
}

type What = Pick<Need, 'text' | 'subjects' | 'page'>;

function attention(kind: Need['kind'], project: string | null, what: What): Need {
  return { kind, gravity: 'attention', project, ...what };
}

function deploymentNeeds(deployment: Deployment): Need[] {
  const { name, project, breaker, rollout, champion } = deployment;
  const page = `/deployments/${encodeURIComponent(name)}`;
  const of = (text: string, subjects = [`deployment:${name}`]): What => ({ text: `${name}: ${text}`, subjects, page });
  const danger = (kind: Need['kind'], what: What): Need => ({ kind, gravity: 'danger', project, ...what });
  const needs: Need[] = [];
  if (breaker.state === 'open')
    needs.push(danger('breaker-open', of(`breaker open, ${breaker.reason ?? 'no reason given'}`)));
  const current = deployment.replicas.filter(({ isCurrent }) => isCurrent);
  const differing = current.filter(({ differences }) => differences.length > 0);
  const failing = current.find(({ failures }) => failures.length > 0)?.failures[0];
  if (differing.length > 0) {
    const subjects = differing.map(({ replica }) => `replica:${replica}`);
    needs.push(danger('replica-differs', of(differenceText(differing), subjects)));
  } else if (failing) {
    needs.push(danger('revision-fails', of(`revision ${failing.revision} cannot be served, ${failing.reason}`)));
  } else if (champion && current.length === 0) {
    needs.push(attention('no-replica', project, of('no replica reports, so nobody may answer')));
  }
  if (rollout?.state === 'held' && !isSplit(rollout))
    needs.push(
      attention(
        'rollout-held',
        project,
        of(`rollout held, ${rollout.reason ?? 'no reason given'}`, [`rollout:${rollout.id}`]),
      ),
    );
  return needs;
}

/** Given its share by hand: it is as somebody wants it until somebody decides. */
function isSplit({ guards, plan, stage }: Rollout): boolean {
  return !guards && plan[stage]?.kind === 'canary';
}

function differenceText(differing: Deployment['replicas']): string {
  const [first] = differing;
  const who = differing.length === 1 ? 'a replica differs' : `${differing.length} replicas differ`;
  const withheld = differing.some(({ isWithheld }) => isWithheld);
  const less = differing.length === 1 ? ' and gets no requests' : ' and get no requests where another answers';
  return `${who}${withheld ? less : ''}, ${first?.differences[0] ?? ''}`;
}

function projectNeeds({ project, pipelineRun, cycle }: ProjectState): Need[] {
  const needs: Need[] = [];
  // Who ran it in a checkout has seen it fail.
  if (pipelineRun?.status === 'failed' && pipelineRun.source === 'server') {
    const { id, number, reason } = pipelineRun;
    needs.push(
      attention('pipeline-failed', project, {
        text: `Pipeline run ${number} failed: ${reason ?? 'see its log'}`,
        subjects: [`pipeline-run:${id}`],
        page: `/pipeline-runs/${id}`,
      }),
    );
  }
  // A turn that waits at its gates waits for a person: whatever else is missing ends it.
  if (cycle?.isOpen && cycle.state === 'gates' && /approv/i.test(cycle.reason ?? '')) {
    const { id, number, reason, model, version } = cycle;
    const page =
      model !== null && version !== null
        ? `/models/${encodeURIComponent(model)}/versions/${version}`
        : `/projects/${encodeURIComponent(project)}/cycles/${number}`;
    needs.push(
      attention('approval', project, { text: `Cycle ${number}: ${reason ?? ''}`, subjects: [`cycle:${id}`], page }),
    );
  }
  return needs;
}
