import { invalid } from '#kernel/errors';
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
      const { case: kind, value } = originalRequest['messageRequest'] as { case?: string; value?: unknown };
      return mine.messages.write('ServerReflectionResponse', {
        validHost: originalRequest['host'],
        originalRequest,
        messageResponse: answerTo(kind, String(value), all),
      });
    },
  };
}

function answerTo(kind: string | undefined, value: string, all: readonly Described[]): object {
  switch (kind) {
    case 'listServices': {
      const service = all.map(({ file }) => ({ name: `${file.package}.${file.service}` }));
      return { case: 'listServicesResponse', value: { service } };
    }
    case 'fileByFilename':
      return descriptor(all.find(({ file }) => file.name === value));
    case 'fileContainingSymbol':
      return descriptor(all.find(({ file }) => declares(file, value)));
    case 'fileContainingExtension':
    case 'allExtensionNumbersOfType':
      return refused('There are no extensions');
    default:
      throw invalid('The message asks for nothing that reflection tells');
  }
}

function descriptor(found: Described | undefined): object {
  if (!found) return refused('No such file or symbol');
  return { case: 'fileDescriptorResponse', value: { fileDescriptorProto: [found.messages.descriptor] } };
}

function refused(errorMessage: string): object {
  return { case: 'errorResponse', value: { errorCode: STATUS.NOT_FOUND, errorMessage } };
}

/** A message, an enum, the service or one of its methods, by its full name. */
function declares(file: ProtoFile, symbol: string): boolean {
  if (!symbol.startsWith(`${file.package}.`)) return false;
  const name = symbol.slice(file.package.length + 1);
  const [service, method] = name.split('.');
  if (name in file.messages || name in (file.enums ?? {})) return true;
  return service === file.service && (method === undefined || method in file.methods);
}
