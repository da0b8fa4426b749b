import { open } from 'node:fs/promises';
import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import type { RemoteCall } from '#ports/object-remote';
import type { Sdk } from './sdk.ts';

const PART_BYTES = 8 << 20;
/** S3 takes no more than so many parts of one file. */
const MOST_PARTS = 10_000;
const PARTS_AT_ONCE = 4;

/**
 * Sends a large file in parts, a few at once, each held in memory. What was sent is dropped where it does not get to the
 * end.
 */
export async function writeInParts(
  { sdk, client }: Sdk,
  input: Omit<PutObjectCommandInput, 'Body'>,
  { file, size }: { readonly file: string; readonly size: number },
  { signal }: RemoteCall,
): Promise<void> {
  const within = signal ? { abortSignal: signal } : {};
  const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(input), within);
  const { Bucket, Key } = input;
  const upload = { Bucket, Key, UploadId };
  const customerKey = {
    ...(input.SSECustomerAlgorithm !== undefined && { SSECustomerAlgorithm: input.SSECustomerAlgorithm }),
    ...(input.SSECustomerKey !== undefined && { SSECustomerKey: input.SSECustomerKey }),
  };
  const partBytes = Math.max(PART_BYTES, Math.ceil(size / MOST_PARTS));
  const parts = Array.from({ length: Math.ceil(size / partBytes) }, (_, index) => index + 1);
  const sent: { PartNumber: number; ETag: string | undefined }[] = [];
  const handle = await open(file);
  const sendSome = async (): Promise<void> => {
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      const start = (part - 1) * partBytes;
      const Body = Buffer.allocUnsafe(Math.min(partBytes, size - start));
      await handle.read(Body, 0, Body.length, start);
      const command = new sdk.UploadPartCommand({ ...upload, ...customerKey, PartNumber: part, Body });
      const { ETag } = await client.send(command, within);
      sent.push({ PartNumber: part, ETag });
    }
  };
  try {
    const ends = await Promise.allSettled(Array.from({ length: PARTS_AT_ONCE }, sendSome));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed) throw failed.reason;
    const Parts = sent.toSorted((a, b) => a.PartNumber - b.PartNumber);
    const command = new sdk.CompleteMultipartUploadCommand({ ...upload, ...customerKey, MultipartUpload: { Parts } });
    await client.send(command, within);
  } catch (error) {
    await client.send(new sdk.AbortMultipartUploadCommand(upload)).catch(() => {});
    throw error;
  } finally {
    await handle.close();
  }
}
