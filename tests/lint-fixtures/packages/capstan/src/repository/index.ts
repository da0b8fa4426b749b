export const addData = 1;
