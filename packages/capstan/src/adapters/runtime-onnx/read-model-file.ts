import { open } from 'node:fs/promises';
import { invalid, messageOf } from '#kernel/errors';

/** The bytes of an ONNX file. @throws DomainError INVALID_ARGUMENT when it cannot be read or is too large */
export async function readModelFile(file: string, maxModelBytes: number): Promise<Uint8Array> {
  const handle = await open(file, 'r').catch((cause: unknown) => {
    throw invalid(`The model file cannot be read: ${messageOf(cause)}`, { field: 'modelFile', hint: 'Name a file.' });
  });
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) throw invalid(`${file} is no file`, { field: 'modelFile', hint: 'Name the .onnx file.' });
    if (facts.size > maxModelBytes) {
      throw invalid(`The model has ${facts.size} bytes, more than the ${maxModelBytes} that are allowed`, {
        field: 'modelFile',
        hint: 'Make it smaller (quantise, prune) or raise the limit.',
      });
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
