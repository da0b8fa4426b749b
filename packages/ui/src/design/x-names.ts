/** What a chart's lines run over, and what it is called. */
export const xNames = { time: 'Time', step: 'Step', trial: 'Trial', seconds: 'Seconds' } as const;

export type XKind = keyof typeof xNames;
