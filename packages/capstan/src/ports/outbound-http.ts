/** One call to a machine outside. */
export interface OutboundRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  /** The whole set beside `host` and `content-length`: nothing is added, no credential, no cookie. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Of the whole call: name resolution, connection and answer. */
  readonly timeoutMs: number;
  /** The rest of a longer answer is not read. */
  readonly largestReplyBytes: number;
  readonly signal?: AbortSignal;
}

export interface OutboundReply {
  readonly status: number;
  /** Names in lower case; of repeated ones the first. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What is wrong with a URL that is not called: `details.reason` of the refusal. */
export type RefusedFor = 'url' | 'scheme' | 'address';

/**
 * The one way out of the server. A target is looked up once, every address that it has is checked, one of those is
 * connected to, and the peer is checked again before a byte is sent; so no name, redirect or change of DNS leads to a
 * machine inside. Redirects are answers like others: nothing follows them. Contract: ports/outbound-http.contract.ts.
 */
export interface OutboundHttp {
  /**
   * Whether a call to the URL would be allowed now.
   * @throws DomainError INVALID_ARGUMENT for a URL that is none, another scheme, or a name that leads inside or nowhere
   */
  check(url: string): Promise<void>;
  /**
   * @throws DomainError INVALID_ARGUMENT as `check`, before anything is sent; DEADLINE_EXCEEDED; UNAVAILABLE when the
   *   target cannot be reached or breaks off
   */
  send(request: OutboundRequest): Promise<OutboundReply>;
}
