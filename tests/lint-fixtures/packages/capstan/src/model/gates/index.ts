export const gates = 1;
