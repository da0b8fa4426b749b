/**
 * Places of at most `limit` of `count` items: the first of each of `limit` buckets as SQL's ntile cuts them, and for the last
 * bucket its last item. As MLflow samples a history.
 */
export function sampledPlaces(count: number, limit: number): number[] {
  if (count <= limit) return Array.from({ length: count }, (_, index) => index);
  const size = Math.floor(count / limit);
  const larger = count % limit;
  return Array.from({ length: limit }, (_, bucket) =>
    bucket === limit - 1 ? count - 1 : bucket * size + Math.min(bucket, larger),
  );
}
