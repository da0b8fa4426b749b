/** When a revision was champion, in business time. */
export interface Reign {
  readonly from: number;
  /** Null while it lasts. */
  readonly to: number | null;
}

/** A revision became champion: it was promoted, or gone back to. */
export interface Accession {
  readonly revision: number;
  readonly at: number;
}

/**
 * The times at which each revision was champion, oldest first: each ends where the next champion's begins.
 * @param accessions in the order in which they happened
 */
export function reignsOf(accessions: readonly Accession[]): ReadonlyMap<number, readonly Reign[]> {
  const reigns = new Map<number, Reign[]>();
  for (const [index, { revision, at }] of accessions.entries()) {
    const reign = { from: at, to: accessions[index + 1]?.at ?? null };
    reigns.set(revision, [...(reigns.get(revision) ?? []), reign]);
  }
  return reigns;
}

/** Promotions and rollbacks as one list. Of those at the same time, promotions come first: what is gone back to was promoted before. */
export function accessionsOf(promotions: readonly Accession[], rollbacks: readonly Accession[]): Accession[] {
  return [...promotions, ...rollbacks].toSorted((left, right) => left.at - right.at);
}
