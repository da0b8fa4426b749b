// DVC remotes in Google Cloud Storage and Azure Blob Storage, by their REST interfaces. Decision 0039 says why not by
// the makers' packages.
export { openAzureRemote } from './azure/azure-remote.ts';
export { openGsRemote } from './gs/gs-remote.ts';
