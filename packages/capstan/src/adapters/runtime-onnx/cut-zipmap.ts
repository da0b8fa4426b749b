import { fieldsOf, integersOf, lengthField, numberField, textOf, type ProtoField } from './proto-fields.ts';

// Field numbers of onnx.proto3.
const MODEL = { graph: 7, opset: 8 } as const;
const GRAPH = { node: 1, output: 12 } as const;
const NODE = { input: 1, output: 2, operator: 4, attribute: 5, domain: 7 } as const;
const ATTRIBUTE = { name: 1, graph: 6, ints: 8, strings: 9, graphs: 11 } as const;
const FLOAT = 1;
/** Has Identity in the form it is used here. */
const OPSET_WITH_IDENTITY = 13;

export interface CutModel {
  readonly bytes: Uint8Array;
  /** Names of the classes, one for each column, by the output that was a list of maps. */
  readonly classLabels: Readonly<Record<string, readonly string[]>>;
}

interface Node {
  readonly field: ProtoField;
  readonly operator: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly ProtoField[];
}

/** A ZipMap, the Identities behind it, and what replaces them all. */
interface Cut {
  readonly output: string;
  readonly nodes: ReadonlySet<Node>;
  readonly probabilities: string;
  readonly labels: readonly string[];
}

/**
 * Takes the ZipMaps before a graph's outputs away. skl2onnx ends scikit-learn's classifiers with one: it makes a list of
 * maps from class to probability of what was a tensor, which the library here cannot give out and no tensor protocol
 * could carry. The probabilities stand under the output's name then, a column for each class. A ZipMap whose maps are
 * used within the graph is let be. Bytes without one come back as they are.
 *
 * Reads protobuf's wire format by onnx.proto3, of bytes that `assertSelfContained` has passed.
 * @throws DomainError INVALID_ARGUMENT for bytes that are no message
 */
export function cutZipMaps(bytes: Uint8Array): CutModel {
  const model = fieldsOf(bytes);
  const graphs = model.filter(({ number, wire }) => number === MODEL.graph && wire === 2);
  const [graph] = graphs;
  if (!graph || graphs.length > 1) return { bytes, classLabels: {} };
  const fields = fieldsOf(bytes, graph.start, graph.end);
  const nodes = fields.filter(({ number, wire }) => number === GRAPH.node && wire === 2).map((at) => nodeAt(bytes, at));
  const cuts = fields.flatMap((field) => {
    if (field.number !== GRAPH.output || field.wire !== 2) return [];
    const cut = cutBefore(bytes, nodes, nameOf(bytes, field));
    return cut ? [{ field, cut }] : [];
  });
  const removed = new Set(cuts.flatMap(({ cut }) => [...cut.nodes].map(({ field }) => field)));
  const isUsedWithin = nodes.some(
    (node) => !removed.has(node.field) && namesUsedBy(bytes, node).some((name) => madeBy(cuts, name)),
  );
  if (cuts.length === 0 || isUsedWithin) return { bytes, classLabels: {} };

  const newOutputs = new Map(cuts.map(({ field, cut }) => [field, tensorInfo(cut)]));
  const kept = fields.flatMap((field) => {
    if (removed.has(field)) return [];
    return [newOutputs.get(field) ?? bytes.subarray(field.at, field.end)];
  });
  const added = cuts.map(({ cut }) => lengthField(GRAPH.node, identity(cut.probabilities, cut.output)));
  const newGraph = lengthField(MODEL.graph, Buffer.concat([...kept, ...added]));
  return {
    bytes: Buffer.concat([
      bytes.subarray(0, graph.at),
      newGraph,
      bytes.subarray(graph.end),
      ...(hasDefaultDomain(bytes, model) ? [] : [lengthField(MODEL.opset, numberField(2, OPSET_WITH_IDENTITY))]),
    ]),
    classLabels: Object.fromEntries(cuts.map(({ cut }) => [cut.output, cut.labels])),
  };

  function madeBy(all: typeof cuts, name: string): boolean {
    return all.some(({ cut }) => [...cut.nodes].some((node) => node.outputs.includes(name)));
  }
}

function nodeAt(bytes: Uint8Array, field: ProtoField): Node {
  const inside = fieldsOf(bytes, field.start, field.end);
  const texts = (wanted: number) =>
    inside.filter(({ number, wire }) => number === wanted && wire === 2).map((text) => textOf(bytes, text));
  return {
    field,
    operator: texts(NODE.operator).at(-1) ?? '',
    domain: texts(NODE.domain).at(-1) ?? '',
    inputs: texts(NODE.input),
    outputs: texts(NODE.output),
    attributes: inside.filter(({ number, wire }) => number === NODE.attribute && wire === 2),
  };
}

/** The way back from an output to the ZipMap it comes from; undefined where it comes from elsewhere. */
function cutBefore(bytes: Uint8Array, nodes: readonly Node[], output: string): Cut | undefined {
  const way = new Set<Node>();
  let name = output;
  for (;;) {
    const node = nodes.find(({ outputs }) => outputs.includes(name));
    const [input] = node?.inputs ?? [];
    if (!node || input === undefined || way.has(node)) return undefined;
    way.add(node);
    name = input;
    if (node.operator === 'ZipMap' && node.domain === 'ai.onnx.ml') {
      const labels = labelsOf(bytes, node);
      return labels.length === 0 ? undefined : { output, nodes: way, probabilities: input, labels };
    }
    if (node.operator !== 'Identity' || !isDefaultDomain(node.domain)) return undefined;
  }
}

function labelsOf(bytes: Uint8Array, { attributes }: Node): string[] {
  return attributes.flatMap((attribute) => {
    const inside = fieldsOf(bytes, attribute.start, attribute.end);
    const name = nameOf(bytes, attribute);
    if (name === 'classlabels_strings') {
      return inside
        .filter(({ number, wire }) => number === ATTRIBUTE.strings && wire === 2)
        .map((at) => textOf(bytes, at));
    }
    if (name !== 'classlabels_int64s') return [];
    return inside.filter(({ number }) => number === ATTRIBUTE.ints).flatMap((at) => integersOf(bytes, at).map(String));
  });
}

/** What a node reads, and what its subgraphs read of the graph around them. */
function namesUsedBy(bytes: Uint8Array, { inputs, attributes }: Node): readonly string[] {
  const nested = attributes.flatMap((attribute) =>
    fieldsOf(bytes, attribute.start, attribute.end)
      .filter(({ number, wire }) => wire === 2 && (number === ATTRIBUTE.graph || number === ATTRIBUTE.graphs))
      .flatMap((graph) => fieldsOf(bytes, graph.start, graph.end))
      .filter(({ number, wire }) => number === GRAPH.node && wire === 2)
      .flatMap((node) => namesUsedBy(bytes, nodeAt(bytes, node))),
  );
  return nested.length === 0 ? inputs : [...inputs, ...nested];
}

/** Field 1 of a ValueInfoProto and of an AttributeProto. */
function nameOf(bytes: Uint8Array, { start, end }: ProtoField): string {
  const name = fieldsOf(bytes, start, end).findLast(({ number, wire }) => number === ATTRIBUTE.name && wire === 2);
  return name ? textOf(bytes, name) : '';
}

function hasDefaultDomain(bytes: Uint8Array, model: readonly ProtoField[]): boolean {
  return model.some(({ number, wire, start, end }) => {
    if (number !== MODEL.opset || wire !== 2) return false;
    const domain = fieldsOf(bytes, start, end).findLast((field) => field.number === 1 && field.wire === 2);
    return isDefaultDomain(domain ? textOf(bytes, domain) : '');
  });
}

function isDefaultDomain(domain: string): boolean {
  return domain === '' || domain === 'ai.onnx';
}

function identity(from: string, to: string): Buffer {
  return Buffer.concat([
    lengthField(NODE.input, from),
    lengthField(NODE.output, to),
    lengthField(NODE.operator, 'Identity'),
  ]);
}

/** The output as a float tensor of any number of rows with a column for each class. */
function tensorInfo({ output, labels }: Cut): Buffer {
  const anyRows = lengthField(1, '');
  const columns = lengthField(1, numberField(1, labels.length));
  const tensor = Buffer.concat([numberField(1, FLOAT), lengthField(2, Buffer.concat([anyRows, columns]))]);
  return lengthField(GRAPH.output, Buffer.concat([lengthField(1, output), lengthField(2, lengthField(1, tensor))]));
}
