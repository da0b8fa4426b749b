import type { AttributeValue, Attributes, SentSpan, SpanEvent, SpanLink, SpanStatus } from '#model/traces';
import type { Read } from './messages.ts';

const LATEST_NS = 2n ** 63n - 1n;
const statuses: readonly SpanStatus[] = ['UNSET', 'OK', 'ERROR'];
const SERVICE = 'service.name';
/** Tools whose name their root spans tell, as in MLflow 3.17. */
const tools = new Set<AttributeValue>(['claude-code', 'codex_cli_rs', 'codex_vscode', 'gemini-cli', 'qwen-code']);

/** Every span of a request. @throws RangeError for ids and times that no span has */
export function spansIn(request: Read): SentSpan[] {
  return listOf(request, 'resourceSpans').flatMap((group) => {
    const resource = attributesOf((group['resource'] as Read | undefined) ?? { attributes: [] });
    return listOf(group, 'scopeSpans').flatMap((scope) =>
      listOf(scope, 'spans').map((span) => ofResource(toSpan(span), resource)),
    );
  });
}

function ofResource(span: Omit<SentSpan, 'resource'>, resource: Attributes): SentSpan {
  const service = resource.get(SERVICE);
  if (span.parentId !== null || service === undefined || !tools.has(service)) return { ...span, resource };
  return { ...span, resource, attributes: new Map([...span.attributes, [SERVICE, service]]) };
}

function toSpan(span: Read): Omit<SentSpan, 'resource'> {
  const parent = textOf(span, 'parentSpanId');
  const status = (span['status'] as Read | undefined) ?? {};
  const endNs = timeOf(span, 'endTimeUnixNano');
  return {
    traceId: idOf(span, 'traceId', 32),
    spanId: idOf(span, 'spanId', 16),
    parentId: /^0*$/.test(parent) ? null : idOf(span, 'parentSpanId', 16),
    name: textOf(span, 'name'),
    status: statuses[Number(status['code'] ?? 0)] ?? 'UNSET',
    statusMessage: textOf(status, 'message'),
    startNs: timeOf(span, 'startTimeUnixNano'),
    endNs: endNs === 0n ? null : endNs,
    attributes: attributesOf(span),
    events: listOf(span, 'events').map(toEvent),
    links: listOf(span, 'links').flatMap(toLink),
  };
}

function toEvent(event: Read): SpanEvent {
  return { name: textOf(event, 'name'), atNs: timeOf(event, 'timeUnixNano'), attributes: attributesOf(event) };
}

/** A link to what is no span of OpenTelemetry is left out: the trace is not lost for it. */
function toLink(link: Read): SpanLink[] {
  const [traceId, spanId] = [textOf(link, 'traceId'), textOf(link, 'spanId')];
  if (traceId.length !== 32 || spanId.length !== 16) return [];
  return [{ traceId, spanId, attributes: attributesOf(link) }];
}

function attributesOf(message: Read): Attributes {
  return new Map(
    listOf(message, 'attributes').map((pair) => [
      textOf(pair, 'key'),
      toValue((pair['value'] as Read | undefined) ?? {}),
    ]),
  );
}

function toValue(value: Read): AttributeValue {
  if (value['arrayValue'] !== undefined) return listOf(value['arrayValue'] as Read, 'values').map(toValue);
  if (value['kvlistValue'] !== undefined) {
    const pairs = listOf(value['kvlistValue'] as Read, 'values');
    return new Map(pairs.map((pair) => [textOf(pair, 'key'), toValue((pair['value'] as Read | undefined) ?? {})]));
  }
  const scalar = [
    value['stringValue'],
    value['boolValue'],
    value['intValue'],
    value['doubleValue'],
    value['bytesValue'],
  ];
  return (scalar.find((one) => one !== undefined) as AttributeValue | undefined) ?? null;
}

function idOf(message: Read, name: string, digits: number): string {
  const id = textOf(message, name);
  if (id.length !== digits) throw new RangeError(`${name} has ${digits} hex digits`);
  return id;
}

function timeOf(message: Read, name: string): bigint {
  const time = (message[name] as bigint | undefined) ?? 0n;
  if (time > LATEST_NS) throw new RangeError(`${name} is beyond 64 bits`);
  return time;
}

function textOf(message: Read, name: string): string {
  return (message[name] as string | undefined) ?? '';
}

function listOf(message: Read, name: string): readonly Read[] {
  return message[name] as readonly Read[];
}
