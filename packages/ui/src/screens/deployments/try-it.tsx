import { useState } from 'react';
import { api, useRead } from '../../app/api.ts';
import type { DeploymentReply } from '../../app/replies.ts';
import { Command } from '../../design/copy.tsx';
import { Choice } from '../../design/field.tsx';
import { Empty, Row, Stack } from '../../design/page.tsx';
import { fieldsOf } from '../registry/signature.tsx';

type Language = 'curl' | 'python' | 'typescript';

const languages: readonly { readonly value: Language; readonly label: string }[] = [
  { value: 'curl', label: 'curl' },
  { value: 'python', label: 'Python' },
  { value: 'typescript', label: 'TypeScript' },
];

/** A request that the champion takes, made from its signature, in three languages. */
export function TryIt({ deployment }: { deployment: DeploymentReply }) {
  const [language, setLanguage] = useState<Language>('curl');
  const { champion } = deployment;
  const version = useRead(
    api.registry.getVersion,
    { params: { model: champion?.model ?? '', version: champion?.version ?? 1 } },
    { isEnabled: champion !== undefined },
  );
  if (!champion) return <Empty title="Nothing answers yet">Requests can be sent once a version is live.</Empty>;
  const replica = deployment.replicas.find((candidate) => candidate.isCurrent) ?? deployment.replicas[0];
  const url = `${replica?.url ?? 'http://127.0.0.1:5051'}/v2/models/${deployment.name}/infer`;
  const fields = fieldsOf(version.data?.files?.signature?.inputs);
  const body = {
    inputs: [
      { name: 'example_id', shape: [1], datatype: 'BYTES', data: ['example-1'] },
      ...fields.map((field) => ({ name: field.name, shape: [1, 1], ...exampleOf(field.type) })),
    ],
  };
  return (
    <Stack>
      <Row>
        <Choice label="Language" value={language} options={languages} onChoose={setLanguage} />
      </Row>
      <Command>{snippet(language, url, body)}</Command>
    </Stack>
  );
}

/** A value of the type that a signature names, as the Open Inference Protocol calls it. */
function exampleOf(type: string): { readonly datatype: string; readonly data: readonly (number | string)[] } {
  if (/string|object/.test(type)) return { datatype: 'BYTES', data: [''] };
  if (/long|int64/.test(type)) return { datatype: 'INT64', data: [0] };
  if (/int/.test(type)) return { datatype: 'INT32', data: [0] };
  if (/float32|^float$/.test(type)) return { datatype: 'FP32', data: [0] };
  return { datatype: 'FP64', data: [0] };
}

function snippet(language: Language, url: string, body: object): string {
  const compact = JSON.stringify(body);
  if (language === 'curl') return `curl ${url} \\\n  -H 'content-type: application/json' \\\n  -d '${compact}'`;
  const pretty = JSON.stringify(body, null, 2);
  if (language === 'python')
    return `import requests\n\nanswer = requests.post("${url}", json=${pretty})\nprint(answer.json())`;
  return `const answer = await fetch('${url}', {\n  method: 'POST',\n  headers: { 'content-type': 'application/json' },\n  body: JSON.stringify(${pretty}),\n});\nconsole.log(await answer.json());`;
}
