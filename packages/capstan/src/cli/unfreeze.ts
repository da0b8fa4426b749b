import type { Command } from 'commander';
import { addFreezing } from './freeze.ts';
import type { Registration } from './run.ts';

export function register(program: Command, at: Registration): void {
  addFreezing(program, at, false);
}
