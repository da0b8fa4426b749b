/** Facts of value, debt and lineage. */
export const ledgerEvents = {} as const;
