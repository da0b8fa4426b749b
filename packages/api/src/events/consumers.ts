import { z } from 'zod';
import { callersPolicy } from '../consumer.ts';

const ofConsumer = { consumer: z.string() };
/** `token` is what is shown of it: its first characters. */
const ofToken = { ...ofConsumer, token: z.string() };

/** Facts of consumers. No token and no hash of one is in the chain. */
export const consumerEvents = {
  'consumer.created': z.strictObject({ ...ofConsumer, owner: z.string() }),
  'consumer.changed': z.strictObject({ ...ofConsumer, changed: z.array(z.string()) }),
  /** Its declaration is gone: its tokens are not taken until it is declared again. */
  'consumer.retired': z.strictObject({ ...ofConsumer }),
  'consumer-token.issued': z.strictObject({ ...ofToken }),
  'consumer-token.revoked': z.strictObject({ ...ofToken, reason: z.string().optional() }),
  'deployment.callers-set': z.strictObject({ deployment: z.string(), callers: callersPolicy }),
} as const;
