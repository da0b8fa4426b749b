import { test } from 'vitest';

export const wingTest = test;
