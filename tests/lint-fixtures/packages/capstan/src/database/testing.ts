import { test } from 'vitest';

export const databaseTest = test;
