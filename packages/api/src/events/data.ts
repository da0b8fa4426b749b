/** Facts of datasets and expectations. */
export const dataEvents = {} as const;
