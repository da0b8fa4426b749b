import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { api, useRead } from '../../app/api.ts';
import type { Reply } from '../../app/replies.ts';
import { Id } from '../../design/copy.tsx';
import { counted } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Quiet, Section, Stack } from '../../design/page.tsx';
import { Timeline, type TimelineEntry } from '../../design/timeline.tsx';
import { DataRead } from '../predictions/data-read.tsx';

type Lineage = Reply<typeof api.lineage.run>;
type Found<Name extends 'code' | 'models'> = Extract<Lineage[Name], { found: unknown }>['found'];

/** From the data that a run read to the models that it made; what is not known says why. */
export function RunLineage({ run }: { run: string }) {
  const lineage = useRead(api.lineage.run, { params: { run } });
  return (
    <Section title="Lineage">
      <Loaded of={lineage}>{(found) => <Timeline label="From data to models" entries={entriesOf(found)} />}</Loaded>
    </Section>
  );
}

function entriesOf({ data, code, environment, models, unknownInputs }: Lineage): TimelineEntry[] {
  const entry = <Value,>(
    name: string,
    link: { readonly found: Value } | { readonly missing: string },
    tell: (value: Value) => { readonly title: ReactNode; readonly body?: ReactNode; readonly doubt?: string | null },
  ): TimelineEntry => {
    if ('missing' in link)
      return { key: name, tone: 'unknown', word: 'not known', title: name, children: <Quiet>{link.missing}</Quiet> };
    const { title, body, doubt = null } = tell(link.found);
    return {
      key: name,
      tone: doubt === null ? 'success' : 'attention',
      word: doubt === null ? 'known' : 'not certain',
      title: (
        <>
          {name}: {title}
        </>
      ),
      children: (
        <>
          {body}
          {doubt !== null && <Quiet>{doubt}</Quiet>}
        </>
      ),
    };
  };
  return [
    entry('Data', data, (versions) => ({
      title: counted(versions.filter(({ isRead }) => isRead).length, 'dataset version', 'dataset versions'),
      body: <DataRead versions={versions} />,
    })),
    ...(unknownInputs.length === 0
      ? []
      : [
          entry('Other files read', { found: unknownInputs }, (files) => ({
            title: counted(files.length, 'file or folder', 'files and folders'),
            doubt: 'No dataset version of the project is known to hold them. Code that Git keeps is in the commit.',
            body: (
              <Stack>
                {files.map(({ stage, path, hash }) => (
                  <span key={`${stage} ${path}`}>
                    <code>{path}</code> {hash === null ? 'without a hash' : <Id value={hash} />} {`by ${stage}`}
                  </span>
                ))}
              </Stack>
            ),
          })),
        ]),
    entry('Code', code, codeTold),
    entry('Environment', environment, ({ key }) => ({ title: <Id value={key} /> })),
    entry('Models', models, modelsTold),
  ];
}

function codeTold({ digest, gitCommit, checkout }: Found<'code'>) {
  const commit = gitCommit === null ? 'no Git commit' : <Id value={gitCommit} />;
  if (!checkout) return { title: digest === null ? commit : <Id value={digest} />, body: commit };
  const { repository, isDirty, experiment } = checkout;
  return {
    title: commit,
    body: <Quiet>{experiment === null ? repository : `${repository}, kept by the experiment ${experiment}`}</Quiet>,
    doubt:
      isDirty === true
        ? 'What ran had changes that are in no commit.'
        : isDirty === null
          ? 'Whether what ran had changes that are in no commit was not told.'
          : null,
  };
}

function modelsTold(models: Found<'models'>) {
  const doubts = models.flatMap(({ model, version, doubt }) =>
    doubt === null ? [] : [`${model} v${version}: ${doubt}`],
  );
  return {
    title: counted(models.length, 'version', 'versions'),
    body: (
      <Stack>
        {models.map(({ model, version, runId, aliases }) => (
          <span key={`${model}/${version}`}>
            <Link to="/models/$model/versions/$version" params={{ model, version: String(version) }}>
              {`${model} v${version}`}
            </Link>
            {aliases.length > 0 && ` (${aliases.join(', ')})`}
            {runId !== null && (
              <>
                {' from '}
                <Link to="/runs/$run" params={{ run: runId }}>
                  its run
                </Link>
              </>
            )}
          </span>
        ))}
      </Stack>
    ),
    doubt: doubts.length === 0 ? null : doubts.join('; '),
  };
}
