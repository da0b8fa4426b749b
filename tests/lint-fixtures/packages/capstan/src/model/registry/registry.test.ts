import { test } from 'vitest';
import { databaseTest } from '#database/testing';
import { blob_fs } from '#adapters/blob-fs';
import { registry } from './index.ts';

test('a test may bring adapters and the clock', () => void [databaseTest, blob_fs, registry, Date.now()]);
