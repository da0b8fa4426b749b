import type { ServingPlane } from '#operations/serving';
import { healthMethods } from './health-methods.ts';
import { inferenceMethods } from './inference-methods.ts';
import type { Messages } from './messages.ts';
import { healthProto, olderReflectionProto, openInferenceProto, reflectionProto, type ProtoFile } from './protos.ts';
import { reflectionMethod } from './reflection-methods.ts';
import type { GrpcMethod } from './server-call.ts';
import { createGrpcServer, type GrpcServer, type GrpcServerOptions } from './server.ts';

export type InferenceGrpcOptions = Omit<GrpcServerOptions, 'methods'>;

const FILES = [openInferenceProto, healthProto, reflectionProto, olderReflectionProto];

/** Serves the data plane over gRPC: the protocol's own methods, grpc.health.v1 and server reflection. */
export function createInferenceGrpc(plane: ServingPlane, version: string, options: InferenceGrpcOptions): GrpcServer {
  const load = lazily(async () => {
    const { messagesOf } = await import('./messages.ts');
    return FILES.map((file) => ({ file, messages: messagesOf(file) }));
  });
  const messagesFor = (file: ProtoFile) => async (): Promise<Messages> => {
    const found = (await load()).find((described) => described.file === file);
    if (!found) throw new Error(`${file.name} is not served`);
    return found.messages;
  };
  const health = { services: new Set([serviceOf(openInferenceProto)]), isServing: () => plane.isReady() };
  const methods = new Map<string, GrpcMethod>();
  const add = (file: ProtoFile, handled: Readonly<Record<string, GrpcMethod>>): void => {
    for (const [name, method] of Object.entries(handled)) methods.set(`/${serviceOf(file)}/${name}`, method);
  };
  add(openInferenceProto, inferenceMethods(plane, version, messagesFor(openInferenceProto)));
  add(healthProto, healthMethods(health, messagesFor(healthProto)));
  for (const file of [reflectionProto, olderReflectionProto]) {
    add(file, { ServerReflectionInfo: reflectionMethod(file, load) });
  }
  return createGrpcServer({ ...options, methods });
}

function serviceOf(file: ProtoFile): string {
  return `${file.package}.${file.service}`;
}

function lazily<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => (made ??= make());
}
