// A DVC remote in a bucket of S3 or of a server that speaks its protocol. The SDK loads when a remote is opened.
export { openS3Remote } from './s3-remote.ts';
