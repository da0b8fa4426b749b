/** At most `limit` of the steps (ascending), evenly by index from the first, and the last one. */
export function sampleSteps<Step>(steps: readonly Step[], limit: number): Step[] {
  if (steps.length <= limit) return [...steps];
  const chosen = Array.from({ length: limit }, (_, index) => Math.floor((index * steps.length) / limit));
  chosen.push(steps.length - 1);
  return [...new Set(chosen)].map((index) => steps[index]).filter((step) => step !== undefined);
}

/** At most `limit` of the items, evenly by index, the last one included. */
export function thin<Item>(items: readonly Item[], limit: number): Item[] {
  if (items.length <= limit) return [...items];
  const chosen = Array.from({ length: limit }, (_, index) =>
    Math.floor((index * (items.length - 1)) / Math.max(limit - 1, 1)),
  );
  return [...new Set(chosen)].map((index) => items[index]).filter((item) => item !== undefined);
}
