// For tests only: what a model of the shelf says of its memory while it is in it.
import type { ShelvedModel } from './on-demand-model.ts';

type Facts = 'status' | 'isLoaded' | 'memoryBytes' | 'loads' | 'rehearse' | 'load' | 'unload' | 'sweep' | 'retire';

export const inMemory: Pick<ShelvedModel, Facts> = {
  status: () => undefined,
  isLoaded: () => true,
  memoryBytes: () => 1_000,
  loads: () => 1,
  rehearse: async () => undefined,
  load: async () => undefined,
  unload: async () => undefined,
  sweep: () => {},
  retire: async () => undefined,
};
