/** Facts of projects and their charters. */
export const designEvents = {} as const;
