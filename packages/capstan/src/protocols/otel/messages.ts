// OTLP's messages for traces: names, numbers and kinds of their fields, for both encodings. Source: opentelemetry-proto
// 1.x, trace/v1, common/v1, resource/v1 and collector/trace/v1; fields nobody reads here are left out.

export type FieldKind = 'string' | 'bytes' | 'id' | 'fixed64' | 'int64' | 'double' | 'bool' | 'enum';

export interface Field {
  /** As JSON spells it. */
  readonly name: string;
  readonly number: number;
  /** A scalar, or the message that it holds; a function where messages hold each other. */
  readonly kind: FieldKind | (() => MessageSpec);
  readonly isList?: boolean;
}

export interface MessageSpec {
  readonly fields: readonly Field[];
  readonly byNumber: ReadonlyMap<number, Field>;
  /** By both spellings of each name. */
  readonly byName: ReadonlyMap<string, Field>;
}

/** A message that was read, in either encoding: 64-bit integers as bigint, ids as hex digits, lists never absent. */
export type Read = Readonly<Record<string, unknown>>;

function message(...fields: readonly Field[]): MessageSpec {
  const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return {
    fields,
    byNumber: new Map(fields.map((field) => [field.number, field])),
    byName: new Map(
      fields.flatMap((field) => [
        [field.name, field],
        [snake(field.name), field],
      ]),
    ),
  };
}

const field = (number: number, name: string, kind: Field['kind']): Field => ({ number, name, kind });
const list = (number: number, name: string, kind: Field['kind']): Field => ({ number, name, kind, isList: true });

const arrayValue = message(list(1, 'values', () => anyValue));
const keyValueList = message(list(1, 'values', () => keyValue));
const anyValue: MessageSpec = message(
  field(1, 'stringValue', 'string'),
  field(2, 'boolValue', 'bool'),
  field(3, 'intValue', 'int64'),
  field(4, 'doubleValue', 'double'),
  field(5, 'arrayValue', () => arrayValue),
  field(6, 'kvlistValue', () => keyValueList),
  field(7, 'bytesValue', 'bytes'),
);
const keyValue = message(
  field(1, 'key', 'string'),
  field(2, 'value', () => anyValue),
);
const event = message(
  field(1, 'timeUnixNano', 'fixed64'),
  field(2, 'name', 'string'),
  list(3, 'attributes', () => keyValue),
);
const link = message(
  field(1, 'traceId', 'id'),
  field(2, 'spanId', 'id'),
  list(4, 'attributes', () => keyValue),
);
const status = message(field(2, 'message', 'string'), field(3, 'code', 'enum'));
const span = message(
  field(1, 'traceId', 'id'),
  field(2, 'spanId', 'id'),
  field(4, 'parentSpanId', 'id'),
  field(5, 'name', 'string'),
  field(7, 'startTimeUnixNano', 'fixed64'),
  field(8, 'endTimeUnixNano', 'fixed64'),
  list(9, 'attributes', () => keyValue),
  list(11, 'events', () => event),
  list(13, 'links', () => link),
  field(15, 'status', () => status),
);
const scopeSpans = message(list(2, 'spans', () => span));
const resource = message(list(1, 'attributes', () => keyValue));
const resourceSpans = message(
  field(1, 'resource', () => resource),
  list(2, 'scopeSpans', () => scopeSpans),
);

export const exportTraceServiceRequest = message(list(1, 'resourceSpans', () => resourceSpans));

/** As protobuf's own readers have it. */
export const DEEPEST = 100;
/** Messages in one request: each is more than the two bytes that it may take on the wire. */
export const MOST_MESSAGES = 2_000_000;
