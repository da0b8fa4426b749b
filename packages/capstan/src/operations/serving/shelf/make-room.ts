/** A model that takes memory, or is about to. */
export interface Tenant {
  /** What it takes; while it is being loaded, what it is expected to take. */
  readonly bytes: number;
  /** `leaving`: it takes no requests any more, and its memory until those it has are answered. */
  readonly state: 'loading' | 'loaded' | 'leaving';
  /** Greater means later. */
  readonly usedAt: number;
  /** Requests wait for it or run on it. */
  readonly isBusy: boolean;
  /** Loaded only for the case that it is gone back to. */
  readonly isSpare: boolean;
}

export interface RoomDecision<Of> {
  /** Whether there is room now. */
  readonly fits: boolean;
  /** What has to leave first, if anything; where it is nothing and there is no room, what leaves or loads is waited for. */
  readonly leave: readonly Of[];
}

/**
 * How room is made for a model under a budget: spare ones go first, then idle ones, then busy ones, those used longest ago
 * first, and no more of them than it takes. For a spare one nothing goes. A model that needs more than the whole budget
 * never fits: that is for the caller to see.
 */
export function makeRoom<Of extends Tenant>(
  tenants: readonly Of[],
  wanted: { readonly bytes: number; readonly isSpare: boolean },
  budgetBytes: number,
): RoomDecision<Of> {
  const taken = sum(tenants);
  if (taken + wanted.bytes <= budgetBytes) return { fits: true, leave: [] };
  if (wanted.isSpare) return { fits: false, leave: [] };
  const leaving = sum(tenants.filter(({ state }) => state === 'leaving'));
  const missing = taken + wanted.bytes - budgetBytes - leaving;
  return { fits: false, leave: firstToGo(tenants, missing, () => true) };
}

/** What has to leave where more is taken than the budget allows, since models have grown: never a busy one. */
export function makeFit<Of extends Tenant>(tenants: readonly Of[], budgetBytes: number): readonly Of[] {
  const staying = tenants.filter(({ state }) => state !== 'leaving');
  return firstToGo(tenants, sum(staying) - budgetBytes, ({ isBusy }) => !isBusy);
}

function firstToGo<Of extends Tenant>(tenants: readonly Of[], bytes: number, mayGo: (tenant: Of) => boolean): Of[] {
  const order = tenants
    .filter((tenant) => tenant.state === 'loaded' && mayGo(tenant))
    .toSorted((a, b) => rankOf(a) - rankOf(b) || a.usedAt - b.usedAt);
  const gone: Of[] = [];
  let missing = bytes;
  for (const tenant of order) {
    if (missing <= 0) break;
    gone.push(tenant);
    missing -= tenant.bytes;
  }
  return gone;
}

function rankOf({ isSpare, isBusy }: Tenant): number {
  return isBusy ? 2 : isSpare ? 0 : 1;
}

function sum(tenants: readonly Tenant[]): number {
  return tenants.reduce((total, { bytes }) => total + bytes, 0);
}
