export const blob_fs = 1;
