export const experiments = 1;
