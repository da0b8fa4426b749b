export { blob_fs } from '#adapters/blob-fs';
