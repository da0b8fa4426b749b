/**
 * Who or what does something, and the fact that led to it. Every use case takes one and passes it on, so that the chain
 * from a trigger to a verdict is one query.
 */
export interface Cause {
  /** `person:NAME`, `token:ID`, `job:KIND` or a part of the system. */
  readonly actor: string;
  /** Sequence number of the event that led here. */
  readonly causationSeq?: number;
  /** The turn of the cycle this belongs to. */
  readonly cycle?: string;
}
