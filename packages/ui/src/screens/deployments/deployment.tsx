import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { api, refresh, useNow, useRead } from '../../app/api.ts';
import type { DeploymentReply } from '../../app/replies.ts';
import { Command, Id } from '../../design/copy.tsx';
import { Loaded } from '../../design/loaded.tsx';
import { Columns, Empty, Facts, Page, Section } from '../../design/page.tsx';
import { ReasonAction } from '../../design/reason-dialog.tsx';
import { ShareBar } from '../../design/share-bar.tsx';
import { Tabs } from '../../design/tabs.tsx';
import { Time } from '../../design/time.tsx';
import { BatchPredictions } from './batch-predictions.tsx';
import { Breaker } from './breaker.tsx';
import { Callers } from './callers.tsx';
import { ChangeShare } from './change-share.tsx';
import { DeploymentState } from './deployment-state.tsx';
import { History } from './history.tsx';
import { Performance } from './performance.tsx';
import { Predictions } from './predictions.tsx';
import { Recalibration } from './recalibration.tsx';
import { Replicas } from './replicas.tsx';
import { Revisions } from './revisions.tsx';
import { RolloutDetail } from './rollout-detail.tsx';
import { routesOf, splitOf } from './routes.ts';
import { TryIt } from './try-it.tsx';

/** What is served under a name: routes, the change under way with its evidence, the breaker, the past. */
export function Deployment() {
  const { deployment } = useParams({ from: '/deployments/$deployment' });
  const { tab = 'now' } = useSearch({ from: '/deployments/$deployment' });
  const navigate = useNavigate({ from: '/deployments/$deployment' });
  const read = useRead(api.deployments.get, { params: { deployment } });
  return (
    <Page
      title={deployment}
      state={read.data && <DeploymentState deployment={read.data} />}
      actions={read.data && <Actions deployment={read.data} />}
    >
      <Loaded of={read}>
        {(data) => (
          <Columns aside={<Aside deployment={data} />}>
            <Tabs
              label="Parts of the deployment"
              tabs={[
                { id: 'now', label: 'Now' },
                { id: 'callers', label: 'Callers' },
                { id: 'predictions', label: 'Predictions' },
                { id: 'batch', label: 'Batch' },
                { id: 'history', label: 'History' },
                { id: 'try', label: 'Try it' },
              ]}
              chosen={tab}
              onChoose={(id) => void navigate({ search: { tab: id }, replace: true })}
            >
              {tab === 'now' && <Now deployment={data} />}
              {tab === 'callers' && <Callers deployment={data} />}
              {tab === 'predictions' && <Predictions deployment={data} />}
              {tab === 'batch' && <BatchPredictions deployment={data} />}
              {tab === 'history' && <History deployment={data} />}
              {tab === 'try' && <TryIt deployment={data} />}
            </Tabs>
          </Columns>
        )}
      </Loaded>
    </Page>
  );
}

/** Of the newest revisions; all are in the history. */
const REVISIONS_SHOWN = 5;

function Now({ deployment }: { deployment: DeploymentReply }) {
  return (
    <>
      <Traffic deployment={deployment} />
      <Section title="Revisions">
        <Revisions deployment={deployment} shown={REVISIONS_SHOWN} />
      </Section>
      {deployment.project !== null && (
        <>
          <Section title="By revision and role">
            <Performance deployment={deployment.name} project={deployment.project} />
          </Section>
          <Section title="Recalibration">
            <Recalibration deployment={deployment} />
          </Section>
        </>
      )}
      <Section title="Replicas">
        <Replicas deployment={deployment} />
      </Section>
      <Section title={deployment.project === null ? 'Breaker' : 'Breaker and loss budget'}>
        <Breaker deployment={deployment} />
      </Section>
    </>
  );
}

/** Who answers, and the change of that which is under way. */
function Traffic({ deployment }: { deployment: DeploymentReply }) {
  const { rollout, project, model } = deployment;
  const routes = routesOf(deployment);
  return (
    <>
      <Section title="Traffic">
        {routes.length === 0 ? (
          <Empty title="No revision takes traffic">
            {project === null
              ? 'The first does once every replica has loaded it.'
              : 'A cycle rolls out the first version that passes the gates.'}
          </Empty>
        ) : (
          <ShareBar label="Share of the traffic by route" shares={routes} />
        )}
      </Section>
      {rollout ? (
        <Section
          title="Rollout"
          note={
            <Link to="/rollouts/$rollout" params={{ rollout: rollout.id }}>
              page of this rollout
            </Link>
          }
        >
          <RolloutDetail id={rollout.id} />
        </Section>
      ) : (
        <Section title="Rollout">
          {project === null ? (
            <Empty title="No change is under way">
              <span>Another version answers once every replica has loaded it; until then the champion does.</span>
              <Command>{`capstan deploy ${model}${model === deployment.name ? '' : ` --name ${deployment.name}`} --wait`}</Command>
            </Empty>
          ) : (
            <Empty title="No change is under way">The next one begins when a candidate passes the gates.</Empty>
          )}
        </Section>
      )}
    </>
  );
}

function openedEffect({ mode, fallbackProbability }: DeploymentReply['breaker']): string {
  const isUnanswered = mode === 'stop' || (mode === 'fallback' && fallbackProbability === undefined);
  if (isUnanswered) return 'Every request is refused until the breaker is closed: there is nothing to answer with.';
  return `Every request is answered by the ${mode.replaceAll('-', ' ')} until the breaker is closed.`;
}

function Actions({ deployment }: { deployment: DeploymentReply }) {
  const params = { deployment: deployment.name };
  const then = async (work: Promise<unknown>): Promise<void> => {
    await work;
    await refresh();
  };
  const { rollout, breaker } = deployment;
  const split = splitOf(rollout);
  return (
    <>
      {split && <ChangeShare split={split} />}
      {rollout && rollout.state !== 'held' && (
        <ReasonAction
          label="Hold"
          effect="The rollout stays in its stage. Harm still rolls it back."
          act={(reason) => then(api.deployments.hold({ params: { rollout: rollout.id }, body: { reason } }))}
        />
      )}
      {rollout?.state === 'held' && (
        <ReasonAction
          label={split ? 'Give it all' : 'Resume'}
          effect={
            split
              ? `Revision ${split.revision} answers every request and becomes the champion.`
              : 'The rollout goes on in its stage.'
          }
          act={(reason) => then(api.deployments.resume({ params: { rollout: rollout.id }, body: { reason } }))}
        />
      )}
      {breaker.state === 'closed' ? (
        <ReasonAction
          label="Open breaker"
          effect={openedEffect(breaker)}
          act={(reason) => then(api.deployments.openBreaker({ params, body: { reason } }))}
        />
      ) : (
        <ReasonAction
          label="Close breaker"
          kind="primary"
          effect="The champion answers again; the loss budget is counted anew from now."
          act={(reason) => then(api.deployments.closeBreaker({ params, body: { reason } }))}
        />
      )}
      <ReasonAction
        label="Roll back"
        kind="danger"
        effect={
          rollout
            ? 'The rollout ends and the champion answers everything.'
            : 'The previous champion answers again, at once.'
        }
        act={(reason) => then(api.deployments.rollBack({ params, body: { reason } }))}
      />
    </>
  );
}

function ProjectLink({ project }: { project: string | null }) {
  if (project === null) return <>no project declares it</>;
  return (
    <Link to="/projects/$project" params={{ project }}>
      {project}
    </Link>
  );
}

function Aside({ deployment }: { deployment: DeploymentReply }) {
  const now = useNow();
  const { champion } = deployment;
  const adapters = Object.entries(champion?.inputAdapters ?? {});
  return (
    <Facts
      items={[
        ['Project', <ProjectLink key="project" project={deployment.project} />],
        [
          'Model',
          <Link key="model" to="/models/$model" params={{ model: deployment.model }}>
            {deployment.model}
          </Link>,
        ],
        ...(champion
          ? ([
              [
                'Champion',
                <Link
                  key="champion"
                  to="/models/$model/versions/$version"
                  params={{ model: champion.model, version: String(champion.version) }}
                >
                  {`v${champion.version}, revision ${champion.number}`}
                </Link>,
              ],
              ['Flavor', champion.flavor],
              ['Digest', <Id key="digest" value={champion.digest} />],
              ['Threshold', deployment.project === null ? '' : champion.threshold.toFixed(3)],
              ['Made', <Time key="made" at={champion.createdAt} now={now} />],
              ...champion.servingWords.map((word) => {
                const [name = '', value = ''] = word.split('=');
                return [name, value] as const;
              }),
            ] as const)
          : []),
        ...(adapters.length > 0
          ? [
              [
                'Converts',
                adapters.map(([column, { multiply, add }]) => `${column} × ${multiply} + ${add}`).join(', '),
              ] as const,
            ]
          : []),
        ['Created', <Time key="created" at={deployment.createdAt} now={now} />],
      ]}
    />
  );
}
