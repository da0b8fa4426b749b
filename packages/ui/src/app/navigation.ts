/** The rail, by wing. A screen appears here when it exists. */
export const wings = [
  { name: '', links: [{ to: '/', label: 'Overview' }] },
  { name: 'Ledger', links: [{ to: '/audit', label: 'Audit' }] },
] as const;
