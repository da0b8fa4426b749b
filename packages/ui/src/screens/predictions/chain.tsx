import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { api } from '../../app/api.ts';
import { useNow } from '../../app/api.ts';
import type { Reply } from '../../app/replies.ts';
import { Id } from '../../design/copy.tsx';
import { Decisions } from '../../design/decisions.tsx';
import { counted, figure } from '../../design/format.ts';
import { Facts, Quiet } from '../../design/page.tsx';
import type { Tone } from '../../design/state.tsx';
import { Time } from '../../design/time.tsx';
import { Timeline, type TimelineEntry } from '../../design/timeline.tsx';
import { DataRead } from './data-read.tsx';
import { FactsBehind } from './facts-behind.tsx';

type Explanation = Reply<typeof api.lineage.explain>;

interface Told {
  readonly title: ReactNode;
  readonly tone?: Tone;
  readonly word?: string;
  readonly at?: number;
  readonly body?: ReactNode;
}

/** From the answer back to its first cause, each link with its page; a link that nobody recorded says why. */
export function Chain({ found }: { found: Explanation }) {
  const now = useNow();
  const { project } = found.answer;
  /** An entry for a link: what stands there, or that nothing does. */
  const entry = <Found,>(
    name: string,
    link: { readonly found: Found } | { readonly missing: string },
    tell: (value: Found) => Told,
  ): TimelineEntry => {
    if ('missing' in link) {
      return { key: name, tone: 'unknown', word: 'not recorded', title: name, children: <Quiet>{link.missing}</Quiet> };
    }
    const { title, tone = 'success', word = 'recorded', at, body } = tell(link.found);
    return {
      key: name,
      tone,
      word,
      title: (
        <>
          {name}: {title}
        </>
      ),
      ...(at !== undefined && { when: <Time at={at} now={now} /> }),
      ...(body !== undefined && { children: body }),
    };
  };
  return (
    <Timeline
      label="What led to the answer"
      entries={[
        entry('Revision', found.revision, revisionTold),
        entry('Rollout', found.rollout, rolloutTold),
        entry('Verdict', found.verdict, verdictTold),
        entry('Model', found.modelVersion, versionTold),
        entry('Run', found.run, (it) => ({
          title: (
            <Link to="/runs/$run" params={{ run: it.id }}>
              {it.name}
            </Link>
          ),
          at: it.startedAt,
        })),
        entry('Attempt', found.attempt, (it) => ({
          title: `${it.number} of the stage ${it.stage}`,
          at: it.startedAt,
          body: <code>{it.command}</code>,
        })),
        entry('Pipeline run', found.pipelineRun, (it) => ({
          title: (
            <Link to="/pipeline-runs/$run" params={{ run: it.id }}>
              {`number ${it.number}`}
            </Link>
          ),
          at: it.createdAt,
          ...(it.doubt !== null && {
            tone: 'attention' as const,
            word: 'not certain',
            body: <Quiet>{it.doubt}</Quiet>,
          }),
        })),
        entry('Code', found.code, codeTold),
        entry('Environment', found.environment, ({ key }) => ({ title: <Id value={key} /> })),
        entry('Data', found.data, (versions) => ({
          title: counted(
            versions.filter(({ isRead }) => isRead).length,
            'dataset version was read',
            'dataset versions were read',
          ),
          body: <DataRead versions={versions} />,
        })),
        entry('Turn of the cycle', found.cycle, (it) => ({
          title: (
            <Link to="/projects/$project/cycles/$cycle" params={{ project, cycle: String(it.number) }}>
              {`number ${it.number}`}
            </Link>
          ),
          at: it.startedAt,
          body: <Quiet>{`${it.trigger.kind.replace('-', ' ')}: ${it.trigger.reason}`}</Quiet>,
        })),
        entry('Facts', found.events, (facts) => ({
          title: `${counted(facts.length, 'fact')}, the first cause first`,
          body: <FactsBehind facts={facts} />,
        })),
      ]}
    />
  );
}

type Found<Name extends 'revision' | 'rollout' | 'verdict' | 'modelVersion' | 'code'> = Extract<
  Explanation[Name],
  { found: unknown }
>['found'];

function revisionTold(it: Found<'revision'>): Told {
  const adapters = Object.entries(it.inputAdapters).map(
    ([name, { multiply, add }]) => `${name} × ${multiply} + ${add}`,
  );
  return {
    title: (
      <Link to="/deployments/$deployment" params={{ deployment: it.deployment }} search={{ tab: 'history' }}>
        {`${it.deployment}, ${it.number}`}
      </Link>
    ),
    at: it.createdAt,
    body: (
      <Facts
        items={[
          ['Threshold', figure(it.threshold)],
          ['Made by', it.createdBy],
          ...(adapters.length > 0 ? [['Converts', adapters.join(', ')] as const] : []),
        ]}
      />
    ),
  };
}

function rolloutTold(it: Found<'rollout'>): Told {
  const isBack = it.state === 'rolled-back';
  return {
    title: (
      <>
        <Link to="/rollouts/$rollout" params={{ rollout: it.id }}>
          {it.state.replace('-', ' ')}
        </Link>
        {it.guards ? '' : ', without guards'}
      </>
    ),
    at: it.startedAt,
    tone: isBack ? 'danger' : it.guards ? 'success' : 'attention',
    word: isBack ? 'rolled back' : it.guards ? 'recorded' : 'without guards',
    body: (
      <>
        <div>
          <Quiet>{`Started by ${it.startedBy ?? 'nobody on record'}.`}</Quiet>
        </div>
        {it.decisions.map((decision) => (
          <div key={`${decision.evidenceSeq} ${decision.verdict}`}>
            <Quiet>{`${decision.verdict} in stage ${decision.stage}: ${decision.reason}`}</Quiet>
            {decision.checks.length > 0 && (
              <Decisions
                caption={`Checks of ${decision.verdict} in stage ${decision.stage}`}
                decisions={decision.checks.map((check) => ({ ...check, name: check.check.replaceAll('-', ' ') }))}
              />
            )}
          </div>
        ))}
      </>
    ),
  };
}

function verdictTold(it: Found<'verdict'>): Told {
  return {
    title: (
      <Link to="/verdicts/$verdict" params={{ verdict: it.id }}>
        {it.status}
      </Link>
    ),
    tone: it.status === 'pass' ? 'success' : it.status === 'fail' ? 'danger' : 'unknown',
    word: it.status,
    at: it.at,
    body: (
      <Decisions
        caption="Checks"
        decisions={it.checks.map((check) => ({ ...check, name: check.check.replaceAll('_', ' ') }))}
      />
    ),
  };
}

function versionTold(it: Found<'modelVersion'>): Told {
  const named = (aliases: readonly string[]): string => aliases.join(', ') || 'none';
  return {
    title: (
      <Link to="/models/$model/versions/$version" params={{ model: it.model, version: String(it.version) }}>
        {`${it.model} v${it.version}`}
      </Link>
    ),
    at: it.createdAt,
    body: (
      <Facts
        items={[
          ['File', <Id key="file" value={it.digest} />],
          ['Aliases then', named(it.aliasesThen)],
          ['Aliases now', named(it.aliasesNow)],
          ['Registered by', it.createdBy],
        ]}
      />
    ),
  };
}

function codeTold(it: Found<'code'>): Told {
  return {
    title: <Id value={it.digest ?? it.gitCommit ?? ''} />,
    body: (
      <Facts
        items={[
          ['Git commit', it.gitCommit === null ? 'not known: no repository' : <Id key="commit" value={it.gitCommit} />],
          ['Declaration', `revision ${it.declaration}`],
        ]}
      />
    ),
  };
}
