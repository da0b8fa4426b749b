/** Places of at most `limit` of `count` items, evenly from the first, and of the last one. */
export function sampledIndices(count: number, limit: number): number[] {
  if (count <= limit) return Array.from({ length: count }, (_, index) => index);
  const chosen = Array.from({ length: limit }, (_, index) => Math.floor((index * count) / limit));
  chosen.push(count - 1);
  return [...new Set(chosen)];
}

/** At most `limit` of the items, evenly by index, the last one included. */
export function thin<Item>(items: readonly Item[], limit: number): Item[] {
  if (items.length <= limit) return [...items];
  const chosen = Array.from({ length: limit }, (_, index) =>
    Math.floor((index * (items.length - 1)) / Math.max(limit - 1, 1)),
  );
  return [...new Set(chosen)].map((index) => items[index]).filter((item) => item !== undefined);
}
