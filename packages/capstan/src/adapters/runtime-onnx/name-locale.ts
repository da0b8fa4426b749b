import { fieldsOf, lengthField, numberField, textOf, type ProtoField } from './proto-fields.ts';

// Field numbers of onnx.proto3.
const GRAPH_OF_MODEL = 7;
const NODE_OF_GRAPH = 1;
const NODE = { operator: 4, attribute: 5, domain: 7 } as const;
const ATTRIBUTE = { name: 1, text: 4, type: 20 } as const;
const TYPE_STRING = 3;
/** Part of every glibc, with the same upper and lower case as all languages but a few. */
const LOCALE = 'C.UTF-8';

/**
 * Names a locale for StringNormalizers that name none, as skl2onnx writes them for text. The library takes en_US.UTF-8 then, and
 * fails where that is not installed, which is so in most containers. Only Linux is without; elsewhere the bytes come back
 * as they are, as they do where there is nothing to name.
 * @throws DomainError INVALID_ARGUMENT for bytes that are no message
 */
export function nameLocale(bytes: Uint8Array, platform = process.platform): Uint8Array {
  if (platform !== 'linux') return bytes;
  const graphs = fieldsOf(bytes).filter(({ number, wire }) => number === GRAPH_OF_MODEL && wire === 2);
  const [graph] = graphs;
  if (!graph || graphs.length > 1) return bytes;
  let isChanged = false;
  const fields = fieldsOf(bytes, graph.start, graph.end).map((field) => {
    const isNode = field.number === NODE_OF_GRAPH && field.wire === 2;
    if (!isNode || !lacksLocale(bytes, field)) return bytes.subarray(field.at, field.end);
    isChanged = true;
    return lengthField(NODE_OF_GRAPH, Buffer.concat([bytes.subarray(field.start, field.end), localeAttribute()]));
  });
  if (!isChanged) return bytes;
  const named = lengthField(GRAPH_OF_MODEL, Buffer.concat(fields));
  return Buffer.concat([bytes.subarray(0, graph.at), named, bytes.subarray(graph.end)]);
}

function lacksLocale(bytes: Uint8Array, node: ProtoField): boolean {
  const inside = fieldsOf(bytes, node.start, node.end).filter(({ wire }) => wire === 2);
  const text = (wanted: number): string => {
    const found = inside.findLast(({ number }) => number === wanted);
    return found ? textOf(bytes, found) : '';
  };
  if (text(NODE.operator) !== 'StringNormalizer' || !['', 'ai.onnx'].includes(text(NODE.domain))) return false;
  return !inside.some(({ number, start, end }) => {
    if (number !== NODE.attribute) return false;
    const name = fieldsOf(bytes, start, end).find((field) => field.number === ATTRIBUTE.name && field.wire === 2);
    return name !== undefined && textOf(bytes, name) === 'locale';
  });
}

function localeAttribute(): Buffer {
  return lengthField(
    NODE.attribute,
    Buffer.concat([
      lengthField(ATTRIBUTE.name, 'locale'),
      lengthField(ATTRIBUTE.text, LOCALE),
      numberField(ATTRIBUTE.type, TYPE_STRING),
    ]),
  );
}
