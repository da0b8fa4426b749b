// A DVC remote on another machine, reached by the system's own ssh: keys, agents, jump hosts and known hosts are as its
// config has them. Speaks SFTP version 3 over it, with many calls under way at once.
export { openSshRemote } from './ssh-remote.ts';
