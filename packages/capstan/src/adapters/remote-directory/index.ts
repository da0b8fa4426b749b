// A DVC remote that is a folder of this machine, or one that is mounted. Files appear under their names when they are whole.
export { openDirectoryRemote } from './directory-remote.ts';
