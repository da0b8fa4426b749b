// Loaded with the first call that needs it: a start, and ModelInfer, need no protobuf library.
import {
  create,
  createFileRegistry,
  fromBinary,
  fromJson,
  toBinary,
  toJson,
  type FileRegistry,
  type JsonObject,
  type JsonValue,
} from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorProtoSchema,
  type FileDescriptorProto,
} from '@bufbuild/protobuf/wkt';
import { invalid, messageOf } from '#kernel/errors';
import type { ProtoFile } from './protos.ts';

/** Reads and writes the messages of one file by name, in protobuf's JSON form with the fields' own names. */
export interface Messages {
  /** Its description in protobuf's own words, as reflection tells it. */
  readonly descriptor: Uint8Array;
  /** Fields that are not there have their default. @throws DomainError INVALID_ARGUMENT for bytes that are no such message */
  read(name: string, bytes: Uint8Array): Readonly<Record<string, unknown>>;
  write(name: string, fields: object): Uint8Array;
}

export function messagesOf(file: ProtoFile): Messages {
  const descriptor = fileDescriptor(file);
  const registry = createFileRegistry(descriptor, () => undefined);
  return {
    descriptor: toBinary(FileDescriptorProtoSchema, descriptor),
    read(name, bytes) {
      const schema = schemaOf(registry, file, name);
      try {
        return toJson(schema, fromBinary(schema, bytes), READING) as JsonObject;
      } catch (cause) {
        throw invalid(`The message is no ${file.package}.${name}: ${messageOf(cause)}`, { cause });
      }
    },
    write(name, fields) {
      const schema = schemaOf(registry, file, name);
      return toBinary(schema, fromJson(schema, fields as JsonValue));
    },
  };
}

const READING = { alwaysEmitImplicit: true, useProtoFieldName: true };

function schemaOf(registry: FileRegistry, file: ProtoFile, name: string) {
  const schema = registry.getMessage(`${file.package}.${name}`);
  if (!schema) throw new Error(`${file.name} declares no message ${name}`);
  return schema;
}

const SCALARS = new Map([
  ['bool', Type.BOOL],
  ['int32', Type.INT32],
  ['int64', Type.INT64],
  ['uint32', Type.UINT32],
  ['uint64', Type.UINT64],
  ['float', Type.FLOAT],
  ['double', Type.DOUBLE],
  ['string', Type.STRING],
  ['bytes', Type.BYTES],
]);

interface Nested {
  readonly name: string;
  readonly field: object[];
  readonly nestedType: Nested[];
  readonly enumType: object[];
  readonly oneofDecl: { name: string }[];
  readonly options?: { mapEntry: true };
}

function fileDescriptor(file: ProtoFile): FileDescriptorProto {
  const messages = new Map<string, Nested>();
  const top: Nested[] = [];
  for (const name of Object.keys(file.messages)) {
    const [own = name, ...outer] = name.split('.').toReversed();
    const message: Nested = { name: own, field: [], nestedType: [], enumType: [], oneofDecl: [] };
    messages.set(name, message);
    (outer.length === 0 ? top : (messages.get(outer.toReversed().join('.'))?.nestedType ?? top)).push(message);
  }
  for (const [name, values] of Object.entries(file.enums ?? {})) {
    const [own, outer = ''] = name.split('.').toReversed();
    const value = values.map((word, number) => ({ name: word, number }));
    messages.get(outer)?.enumType.push({ name: own, value });
  }
  for (const [name, fields] of Object.entries(file.messages)) {
    const message = messages.get(name);
    for (const [field, [number, type]] of Object.entries(fields)) {
      message?.field.push(fieldDescriptor(file, { message, owner: name }, field, number, type));
    }
  }
  return create(FileDescriptorProtoSchema, {
    name: file.name,
    package: file.package,
    syntax: 'proto3',
    messageType: top,
    service: [
      { name: file.service, method: Object.entries(file.methods).map(([name, ends]) => method(file, name, ends)) },
    ],
  });
}

function fieldDescriptor(
  file: ProtoFile,
  { message, owner }: { message: Nested; owner: string },
  name: string,
  number: number,
  type: string,
): object {
  const words = type.split(' ');
  const kind = words.at(-1) ?? '';
  const base = { name, number, label: Label.OPTIONAL, jsonName: jsonName(name) };
  if (words[0] === 'map') {
    const entry = `${capital(jsonName(name))}Entry`;
    message.nestedType.push({
      name: entry,
      field: [
        { name: 'key', number: 1, label: Label.OPTIONAL, jsonName: 'key', type: Type.STRING },
        { name: 'value', number: 2, label: Label.OPTIONAL, jsonName: 'value', ...typeOf(file, kind) },
      ],
      nestedType: [],
      enumType: [],
      oneofDecl: [],
      options: { mapEntry: true },
    });
    return { ...base, label: Label.REPEATED, type: Type.MESSAGE, typeName: `.${file.package}.${owner}.${entry}` };
  }
  if (words[0] === 'repeated') return { ...base, label: Label.REPEATED, ...typeOf(file, kind) };
  if (words[0] !== 'oneof') return { ...base, ...typeOf(file, kind) };
  let oneofIndex = message.oneofDecl.findIndex((choice) => choice.name === words[1]);
  if (oneofIndex < 0) oneofIndex = message.oneofDecl.push({ name: words[1] ?? '' }) - 1;
  return { ...base, oneofIndex, ...typeOf(file, kind) };
}

function typeOf(file: ProtoFile, kind: string): object {
  const scalar = SCALARS.get(kind);
  if (scalar !== undefined) return { type: scalar };
  return { type: file.enums?.[kind] ? Type.ENUM : Type.MESSAGE, typeName: `.${file.package}.${kind}` };
}

function method(file: ProtoFile, name: string, [input, output]: readonly [string, string]): object {
  const typeName = (end: string): string => `.${file.package}.${end.replace('stream ', '')}`;
  return {
    name,
    inputType: typeName(input),
    outputType: typeName(output),
    ...(input.startsWith('stream ') && { clientStreaming: true }),
    ...(output.startsWith('stream ') && { serverStreaming: true }),
  };
}

function jsonName(name: string): string {
  return name.replaceAll(/_(\w)/g, (_all, letter: string) => letter.toUpperCase());
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
