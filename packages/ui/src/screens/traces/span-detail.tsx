import type { TraceSpan } from '../../app/replies.ts';
import { Halves, Quiet, Row, Section, Stack } from '../../design/page.tsx';
import { LogView } from '../../design/log-view.tsx';
import { State } from '../../design/state.tsx';
import { Table } from '../../design/table.tsx';

const INPUTS = 'mlflow.spanInputs';
const OUTPUTS = 'mlflow.spanOutputs';
/** Shown elsewhere on the page. */
const shownElsewhere = new Set([INPUTS, OUTPUTS, 'mlflow.spanType', 'mlflow.traceRequestId']);

/** One step: what went in, what came out, and all else that was said of it. */
export function SpanDetail({ span }: { span: TraceSpan }) {
  const attributes = Object.entries(span.attributes).filter(([key]) => !shownElsewhere.has(key));
  return (
    <Stack>
      <Row>
        <strong>{span.name}</strong>
        {span.status === 'ERROR' && <State tone="danger">failed</State>}
        {span.statusMessage !== '' && <Quiet>{span.statusMessage}</Quiet>}
      </Row>
      <Halves>
        <Json title="In" json={span.attributes[INPUTS]} />
        <Json title="Out" json={span.attributes[OUTPUTS]} />
      </Halves>
      {attributes.length > 0 && (
        <Section title="Attributes">
          <Table
            caption="Attributes"
            rows={attributes}
            keyOf={([key]) => key}
            columns={[
              { name: 'Attribute', cell: ([key]) => <code>{key}</code> },
              { name: 'Value', cell: ([, json]) => <code>{json.length > 400 ? `${json.slice(0, 400)}…` : json}</code> },
            ]}
          />
        </Section>
      )}
      {span.events.map((event) => (
        <LogView
          key={`${event.atNs} ${event.name}`}
          label={`Event ${event.name}`}
          head={<Quiet>{event.name}</Quiet>}
          text={Object.entries(event.attributes)
            .map(([key, json]) => `${key}: ${readable(json)}`)
            .join('\n')}
        />
      ))}
    </Stack>
  );
}

function Json({ title, json }: { title: string; json: string | undefined }) {
  return (
    <Section title={title}>
      {json === undefined ? <Quiet>nothing was logged</Quiet> : <LogView label={title} text={readable(json)} />}
    </Section>
  );
}

/** A text as it is, anything else as JSON on many lines. */
function readable(json: string): string {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  } catch {
    return json;
  }
}
