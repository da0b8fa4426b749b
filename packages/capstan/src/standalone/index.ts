// A deployment as a folder: program, snapshot of what is served, model files by digest, and a manifest of all of it. It
// answers with no control plane and no network. Owns the folder's form; what answers in it is the data plane as anywhere.
// Called by the commands build and serve.
export { buildFolder, type BuildRequest, type BuiltFolder } from './build-folder.ts';
export { openFolder } from './open-folder.ts';
export { keptSegments } from './kept-segments.ts';
