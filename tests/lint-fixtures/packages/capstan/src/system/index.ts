export const system = 1;
