import { blob_fs } from '#adapters/blob-fs';
import { registry } from '#model/registry';
import { config } from '../config.ts';

export const wired = [blob_fs, registry, config];
