import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { DomainError, invalid } from '#kernel/errors';
import { fieldsOf, integersOf, lengthPrefix, textOf, type ProtoField } from './proto-fields.ts';
import { readModelFile } from './read-model-file.ts';
import { MAX_DEPTH, MESSAGES, noModel, type Message } from './self-contained.ts';

/** Where a tensor's values lie, as onnx.proto's `external_data` says. */
interface WeightsPlace {
  /** A path from the folder of the ONNX file, in the file's own words. */
  readonly location: string;
  readonly offset: number;
  /** Undefined: to the end of the file. */
  readonly length: number | undefined;
}

const TENSOR = { rawData: 9, externalData: 13, dataLocation: 14 } as const;
/** Fields of a tensor that hold values. */
const VALUES: ReadonlySet<number> = new Set([4, 5, 6, 7, 9, 10, 11]);
const EXTERNAL = 1n;

/** The files that an ONNX file names for its weights. @throws DomainError INVALID_ARGUMENT for bytes that are no model */
export async function weightsFilesOf(onnxFile: string, maxModelBytes: number): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  withWeights(await readModelFile(onnxFile, maxModelBytes), ({ location }) => {
    found.add(location);
    return new Uint8Array();
  });
  return found;
}

/** Whether a model names other files for its weights; false for what is no model, which whoever loads it hears. */
export async function keepsWeightsElsewhere(onnxFile: string): Promise<boolean> {
  try {
    return (await weightsFilesOf(onnxFile, Number.MAX_SAFE_INTEGER)).size > 0;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'INVALID_ARGUMENT') return false;
    throw error;
  }
}

/**
 * The model with its weights in it, so that the library is never given a name of a file.
 * @param files local files by location: those of the model's own package, and no others
 * @throws DomainError INVALID_ARGUMENT where a tensor lies elsewhere, or beyond the end of its file
 */
export async function inlineWeights(
  bytes: Uint8Array,
  files: Readonly<Record<string, string>>,
  maxModelBytes: number,
): Promise<Uint8Array> {
  let left = maxModelBytes - bytes.length;
  const take = (size: number): void => {
    left -= size;
    if (left < 0) throw refuse(`The model has more than the ${maxModelBytes} bytes that are allowed, with its weights`);
  };
  const contents = new Map<string, Uint8Array>();
  for (const [location, path] of Object.entries(files)) contents.set(location, await readWeights(path, maxModelBytes));
  const pieces = withWeights(bytes, ({ location, offset, length }) => {
    const content = contents.get(location);
    if (!content) throw refuse(`The weights of the model are to be in '${location}', which is none of its files`);
    const size = length ?? content.length - offset;
    if (!(size >= 0 && offset + size <= content.length)) {
      throw refuse(
        `The weights of the model are to be in '${location}' from ${offset} to ${offset + size}, which has ${content.length} bytes`,
      );
    }
    // One range may be named by many tensors.
    take(size);
    return content.subarray(offset, offset + size);
  });
  return pieces ? Buffer.concat(pieces) : bytes;
}

async function readWeights(path: string, maxBytes: number): Promise<Uint8Array> {
  const handle = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)).catch((cause: unknown) => {
    throw refuse('The weights of the model cannot be read', cause);
  });
  try {
    const facts = await handle.stat();
    if (!facts.isFile() || facts.size > maxBytes)
      throw refuse(`The weights of the model have ${facts.size} bytes, more than the ${maxBytes} that are allowed`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** The parts of a model with what tensors keep elsewhere put in; undefined where none does. Goes where `assertSelfContained` does. */
function withWeights(bytes: Uint8Array, valuesAt: (place: WeightsPlace) => Uint8Array): Uint8Array[] | undefined {
  function rewritten(
    message: Message,
    { start, end }: Pick<ProtoField, 'start' | 'end'>,
    depth: number,
  ): Uint8Array[] | undefined {
    if (depth > MAX_DEPTH) throw noModel('its parts are nested too deeply');
    const fields = fieldsOf(bytes, start, end);
    if (message === 'tensor') return tensor(fields);
    const holds: Readonly<Record<number, Message>> = MESSAGES[message];
    const inner = new Map<ProtoField, Uint8Array[]>();
    for (const field of fields) {
      const part = field.wire === 2 ? holds[field.number] : undefined;
      const pieces = part && rewritten(part, field, depth + 1);
      if (pieces) inner.set(field, pieces);
    }
    if (inner.size === 0) return undefined;
    return fields.flatMap((field) => {
      const pieces = inner.get(field);
      if (!pieces) return [bytes.subarray(field.at, field.end)];
      const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
      return [lengthPrefix(field.number, size), ...pieces];
    });
  }

  function tensor(fields: readonly ProtoField[]): Uint8Array[] | undefined {
    const location = fields.findLast(({ number, wire }) => number === TENSOR.dataLocation && wire === 0);
    if (!location || integersOf(bytes, location)[0] !== EXTERNAL) return undefined;
    if (fields.some(({ number }) => VALUES.has(number)))
      throw refuse('A tensor of the model has values both in it and in another file');
    const told = fields.filter(({ number, wire }) => number === TENSOR.externalData && wire === 2);
    const kept = fields.filter(({ number }) => number !== TENSOR.externalData && number !== TENSOR.dataLocation);
    const values = valuesAt(placeOf(bytes, told));
    return [
      ...kept.map((field) => bytes.subarray(field.at, field.end)),
      lengthPrefix(TENSOR.rawData, values.length),
      values,
    ];
  }

  return rewritten('model', { start: 0, end: bytes.length }, 0);
}

/** A list of pairs of texts. Others than these three are told for whoever checks or shares files. */
function placeOf(bytes: Uint8Array, pairs: readonly ProtoField[]): WeightsPlace {
  const facts = new Map<string, string>();
  for (const { start, end } of pairs) {
    const [key, value] = [1, 2].map((wanted) => {
      const field = fieldsOf(bytes, start, end).findLast(({ number, wire }) => number === wanted && wire === 2);
      return field ? textOf(bytes, field) : '';
    });
    facts.set(key ?? '', value ?? '');
  }
  const location = facts.get('location') ?? '';
  const number = (key: string): number | undefined => {
    const text = facts.get(key);
    if (text === undefined) return undefined;
    if (/^\d{1,15}$/.test(text)) return Number(text);
    throw refuse(`The ${key} of weights in '${location}' is '${text.slice(0, 60)}', which is no number of bytes`);
  };
  return { location, offset: number('offset') ?? 0, length: number('length') };
}

function refuse(message: string, cause?: unknown): Error {
  return invalid(message, {
    ...(cause !== undefined && { cause }),
    field: 'modelFile',
    hint: 'Log it again with mlflow.onnx.log_model, or save it as one file: save_as_external_data=False.',
  });
}
