// Blobs in a local directory: `<root>/sha256/ab/cdef…` for whole ones, `<root>/tmp/` for those on their way.
// Owns the durability of bytes (whole or absent, checked when read); knows nothing of who refers to a blob.
// Built by app.ts; several processes of one machine may use one directory. Not for network file systems without fsync.
export { createBlobFs } from './create-blob-fs.ts';
