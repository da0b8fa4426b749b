import { z } from 'zod';

/** Facts of the installation itself. */
export const installationEvents = {
  'installation.started': z.strictObject({ version: z.string() }),
  'clock.advanced': z.strictObject({ from: z.int(), to: z.int() }),
} as const;
