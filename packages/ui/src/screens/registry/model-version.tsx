import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { api, refresh, useNow, useRead } from '../../app/api.ts';
import type { Reply } from '../../app/replies.ts';
import { Command, Id } from '../../design/copy.tsx';
import { Choice } from '../../design/field.tsx';
import { bytes } from '../../design/format.ts';
import { Loaded } from '../../design/loaded.tsx';
import { Columns, Empty, Facts, Page, Section } from '../../design/page.tsx';
import { ReasonAction } from '../../design/reason-dialog.tsx';
import { Badge } from '../../design/state.tsx';
import { Table } from '../../design/table.tsx';
import { Time } from '../../design/time.tsx';
import { VerdictDetail } from '../gates/verdict.tsx';
import { History } from './history.tsx';
import { Prompt, promptTextOf, tagsOfPeople } from './prompt.tsx';
import { Signature } from './signature.tsx';

type VersionReply = Reply<typeof api.registry.getVersion>;
type Role = 'maintainer' | 'owner' | 'operator';

/** One version: what it consists of, what the gates said of it, where it came from. */
export function ModelVersion() {
  const { model, version } = useParams({ from: '/models/$model/versions/$version' });
  const [role, setRole] = useState<Role>('maintainer');
  const read = useRead(api.registry.getVersion, { params: { model, version } });
  return (
    <Page
      title={`${model} v${version}`}
      state={read.data?.aliases.map((alias) => (
        <Badge key={alias}>{alias}</Badge>
      ))}
      about={read.data?.description}
      actions={
        read.data &&
        promptTextOf(read.data.tags) === undefined && (
          <ReasonAction
            label="Approve"
            effect="You answer for this version. A turn of the cycle that waits for an approval goes on."
            act={async (reason) => {
              await api.gates.approve({ params: { model, version }, body: { role, reason } });
              await refresh();
            }}
          >
            <Choice label="As" value={role} options={roles} onChoose={setRole} />
          </ReasonAction>
        )
      }
    >
      <Loaded of={read}>
        {(found) => (
          <Columns aside={<Aside version={found} />}>
            {promptTextOf(found.tags) === undefined ? (
              <Consists version={found} />
            ) : (
              <Prompt name={found.model} version={found.version} text={promptTextOf(found.tags) ?? ''} />
            )}
          </Columns>
        )}
      </Loaded>
    </Page>
  );
}

/** A version of a model: verdicts, signature, files, history. */
function Consists({ version }: { version: VersionReply }) {
  const { model } = version;
  const params = { model, version: String(version.version) };
  const verdicts = useRead(api.gates.list, { params, query: { limit: 20 } });
  return (
    <>
      <Section title="Verdicts">
        <Loaded of={verdicts}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No gate has judged it yet">
                A cycle judges each candidate on the latest labelled window that no contender was trained on.
              </Empty>
            ) : (
              items.map((verdict) => <VerdictDetail key={verdict.id} verdict={verdict} />)
            )
          }
        </Loaded>
      </Section>
      <Section title="Signature">
        <Signature files={version.files} />
      </Section>
      <Section title="Files">
        <Files version={version} />
      </Section>
      <Section title="History">
        <History model={model} version={version.version} />
      </Section>
      <Section title="Use it from Python">
        <Command>{`mlflow.set_tracking_uri("${location.origin}")\nmodel = mlflow.pyfunc.load_model("models:/${model}/${version.version}")`}</Command>
      </Section>
    </>
  );
}

const roles: readonly { readonly value: Role; readonly label: string }[] = [
  { value: 'maintainer', label: 'maintainer' },
  { value: 'owner', label: 'owner' },
  { value: 'operator', label: 'operator' },
];

function Files({ version }: { version: VersionReply }) {
  if (!version.files) return <Empty title="Capstan does not hold its files">{version.whyNoFiles}</Empty>;
  return (
    <Table
      caption="Files"
      rows={version.files.files}
      keyOf={(row) => row.path}
      columns={[
        { name: 'Path', cell: (row) => <code>{row.path}</code> },
        { name: 'Size', isNumber: true, cell: (row) => bytes(row.sizeBytes) },
        { name: 'Digest', cell: (row) => <Id value={row.digest} /> },
      ]}
    />
  );
}

function Aside({ version }: { version: VersionReply }) {
  const now = useNow();
  const isPrompt = promptTextOf(version.tags) !== undefined;
  return (
    <Facts
      items={[
        [
          'Model',
          <Link key="model" to="/models/$model" params={{ model: version.model }}>
            {version.model}
          </Link>,
        ],
        [
          'Run',
          version.runId === null ? (
            'none'
          ) : (
            <Link key="run" to="/runs/$run" params={{ run: version.runId }}>
              <code>{version.runId.slice(0, 8)}</code>
            </Link>
          ),
        ],
        ['Flavor', isPrompt ? '' : version.files ? version.files.flavors.join(', ') : 'unknown'],
        ['Registered', <Time key="at" at={version.createdAt} now={now} />],
        ['By', version.createdBy],
        ['Stage', isPrompt ? '' : version.stage],
        ['Source', isPrompt ? '' : <Id key="source" value={version.source} isWhole />],
        ['Files at', version.filesUri === null ? '' : <Id key="files" value={version.filesUri} isWhole />],
        ...tagsOfPeople(version.tags),
      ]}
    />
  );
}
