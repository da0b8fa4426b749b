export const text = (atMs: number): string => new Date(atMs).toISOString();
