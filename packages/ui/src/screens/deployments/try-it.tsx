import { useState } from 'react';
import { api, useRead } from '../../app/api.ts';
import type { DeploymentReply } from '../../app/replies.ts';
import { Command } from '../../design/copy.tsx';
import { Choice } from '../../design/field.tsx';
import { Loaded } from '../../design/loaded.tsx';
import { Empty, Quiet, Row, Stack } from '../../design/page.tsx';
import { scoringExample, tensorExample, type Example } from './example-request.ts';
import { snippet, type Language } from './snippet.ts';

type Champion = NonNullable<DeploymentReply['champion']>;

const languages: readonly { readonly value: Language; readonly label: string }[] = [
  { value: 'curl', label: 'curl' },
  { value: 'python', label: 'Python' },
  { value: 'typescript', label: 'TypeScript' },
];

/** A request that the champion takes, made from what it says that it takes, in three languages. */
export function TryIt({ deployment }: { deployment: DeploymentReply }) {
  const { champion } = deployment;
  if (!champion) return <Empty title="Nothing answers yet">Requests can be sent once a version is live.</Empty>;
  const replica = deployment.replicas.find((candidate) => candidate.isCurrent) ?? deployment.replicas[0];
  const origin = replica?.url ?? 'http://127.0.0.1:5051';
  // A request is of one champion: another asks anew.
  const Asking = champion.flavor === 'onnx' ? Tensors : Scoring;
  return <Asking key={champion.digest} champion={champion} origin={origin} />;
}

interface Asked {
  readonly champion: Champion;
  readonly origin: string;
}

function Tensors({ champion, origin }: Asked) {
  const read = useRead(api.deployments.request, { params: { deployment: champion.deployment } }, { isLive: false });
  return (
    <Loaded of={read}>
      {(request) => (
        <Snippets
          example={tensorExample(champion.deployment, request)}
          champion={champion}
          origin={origin}
          protocol="the Open Inference Protocol"
        />
      )}
    </Loaded>
  );
}

function Scoring({ champion, origin }: Asked) {
  const params = { model: champion.model, version: champion.version };
  const read = useRead(api.registry.getVersion, { params }, { isLive: false });
  return (
    <Loaded of={read}>
      {({ files }) => (
        <Snippets
          example={scoringExample(champion.deployment, files?.signature?.inputs ?? null)}
          champion={champion}
          origin={origin}
          protocol="MLflow’s scoring protocol"
        />
      )}
    </Loaded>
  );
}

function Snippets(props: { example: Example; champion: Champion; origin: string; protocol: string }) {
  const { example, champion, origin, protocol } = props;
  const [language, setLanguage] = useState<Language>('curl');
  return (
    <Stack>
      <Row>
        <Choice label="Language" value={language} options={languages} onChoose={setLanguage} />
        <Quiet>{`What revision ${champion.number} takes, by ${protocol}; the values are only of the right type.`}</Quiet>
      </Row>
      {example.note !== undefined && <p>{example.note}</p>}
      <Command>{snippet(language, origin + example.path, example.body)}</Command>
      <a href={`${origin}/models/${champion.deployment}/docs`} target="_blank" rel="noreferrer">
        Page of the data plane with a form to try it, and all addresses
      </a>
    </Stack>
  );
}
