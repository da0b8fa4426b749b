export const dvc = 1;
