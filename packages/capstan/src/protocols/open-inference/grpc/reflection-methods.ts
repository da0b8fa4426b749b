import type { Messages } from './messages.ts';
import type { ProtoFile } from './protos.ts';
import type { GrpcMethod } from './server-call.ts';
import { STATUS } from './status.ts';

interface Described {
  readonly file: ProtoFile;
  readonly messages: Messages;
}

/** Server reflection, by which tools such as grpcurl learn what can be called. The files import no others. */
export function reflectionMethod(own: ProtoFile, load: () => Promise<readonly Described[]>): GrpcMethod {
  return {
    kind: 'conversation',
    permission: 'public',
    async handle(message) {
      const all = await load();
      const mine = all.find(({ file }) => file === own);
      if (!mine) throw new Error(`${own.name} does not describe itself`);
      const originalRequest = mine.messages.read('ServerReflectionRequest', message);
      return mine.messages.write('ServerReflectionResponse', {
        valid_host: originalRequest['host'],
        original_request: originalRequest,
        ...answerTo(originalRequest, all),
      });
    },
  };
}

function answerTo(request: Readonly<Record<string, unknown>>, all: readonly Described[]): object {
  const { file_by_filename: name, file_containing_symbol: symbol } = request;
  if (typeof name === 'string') return descriptor(all.find(({ file }) => file.name === name));
  if (typeof symbol === 'string') return descriptor(all.find(({ file }) => declares(file, symbol)));
  if (request['list_services'] !== undefined) {
    const service = all.map(({ file }) => ({ name: `${file.package}.${file.service}` }));
    return { list_services_response: { service } };
  }
  return refused('Only services, files and symbols are told; there are no extensions');
}

function descriptor(found: Described | undefined): object {
  if (!found) return refused('No such file or symbol');
  const written = Buffer.from(found.messages.descriptor).toString('base64');
  return { file_descriptor_response: { file_descriptor_proto: [written] } };
}

function refused(text: string): object {
  return { error_response: { error_code: STATUS.NOT_FOUND, error_message: text } };
}

/** A message, an enum, the service or one of its methods, by its full name. */
function declares(file: ProtoFile, symbol: string): boolean {
  if (!symbol.startsWith(`${file.package}.`)) return false;
  const name = symbol.slice(file.package.length + 1);
  const [service, method] = name.split('.');
  if (name in file.messages || name in (file.enums ?? {})) return true;
  return service === file.service && (method === undefined || method in file.methods);
}
