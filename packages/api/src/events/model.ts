/** Facts of runs, pipelines, models and gates. */
export const modelEvents = {} as const;
