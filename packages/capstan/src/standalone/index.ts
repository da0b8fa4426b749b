// A deployment as a folder: program, snapshot of what is served, model files by digest, and a manifest of all of it. It
// answers with no control plane and no network. Owns the folder's form; what answers in it is the data plane as anywhere.
// The program by itself also goes to machines that have none, for work that is sent there.
// Called by the commands build and serve, and by whoever sends such work.
export { buildFolder, type BuildRequest, type BuiltFolder } from './build-folder.ts';
export { layProgram } from './lay-program.ts';
export { openFolder } from './open-folder.ts';
export { keptSegments } from './kept-segments.ts';
