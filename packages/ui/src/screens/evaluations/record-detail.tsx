import type { EvaluationRecord } from '../../app/replies.ts';
import { Id } from '../../design/copy.tsx';
import { LogView } from '../../design/log-view.tsx';
import { Halves, Quiet, Row, Section, Stack } from '../../design/page.tsx';
import { plain, sourceWords } from './fields.ts';

/** One record, whole: what goes in, and what is expected. */
export function RecordDetail({ record }: { record: EvaluationRecord }) {
  const words = sourceWords(record);
  const hasOutputs = record.outputs !== null && record.outputs !== '{}';
  return (
    <Stack>
      <Row>
        <Id value={record.id} />
        {words !== '' && <Quiet>from {words}</Quiet>}
      </Row>
      <Halves>
        <Values title="Inputs" values={record.inputs} />
        <Values title="Expectations" values={record.expectations ?? {}} />
      </Halves>
      {hasOutputs && (
        <Section title="Outputs">
          <LogView label="Outputs" isHead text={readable(record.outputs ?? '')} />
        </Section>
      )}
    </Stack>
  );
}

function Values({ title, values }: { title: string; values: Readonly<Record<string, string>> }) {
  const fields = Object.entries(values);
  return (
    <Section title={title}>
      {fields.length === 0 ? (
        <Quiet>none</Quiet>
      ) : (
        <LogView label={title} isHead text={fields.map(([field, json]) => `${field}: ${readable(json)}`).join('\n')} />
      )}
    </Section>
  );
}

/** A text as it is; lists and objects on many lines where nothing of them is lost by it. */
function readable(json: string): string {
  if (!/^[[{]/.test(json) || /[\d.]e|\.0\b|\d{16}|NaN|Infinity/i.test(json)) return plain(json);
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}
