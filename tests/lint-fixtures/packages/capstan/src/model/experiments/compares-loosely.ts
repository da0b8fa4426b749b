export const isSame = (a: number, b: number): boolean => a == b;
