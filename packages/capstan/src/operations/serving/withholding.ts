import type { WithheldTraffic } from '@capstan/api';
import { DomainError } from '#kernel/errors';

/** What this replica does not answer, since the control plane says that it differs and another one does not. */
export interface Withholding {
  /** Takes what the control plane says now; undefined: nothing is withheld. */
  hear(told: WithheldTraffic | undefined): void;
  isWithheld(deployment: string): boolean;
  isAny(): boolean;
  /** @throws DomainError UNAVAILABLE where the deployment is not to be answered here */
  check(deployment: string): void;
  close(): void;
}

/** Nobody knows what the others do once the control plane has been silent for so long: then any answer is better than none. */
export const WITHHELD_FOR_MS = 30_000;

/** @param onPort told with each word of the control plane whether the shared port is to be left */
export function createWithholding(onPort: (isLeft: boolean) => void): Withholding {
  let withheld: ReadonlyMap<string, string> = new Map();
  let lapsing: NodeJS.Timeout | undefined;

  function hear(told: WithheldTraffic | undefined): void {
    clearTimeout(lapsing);
    withheld = new Map(told?.deployments.map(({ deployment, reason }) => [deployment, reason]));
    if (told) lapsing = setTimeout(() => hear(undefined), WITHHELD_FOR_MS).unref();
    onPort(told?.leavesPort ?? false);
  }

  return {
    hear,
    isWithheld: (deployment) => withheld.has(deployment),
    isAny: () => withheld.size > 0,
    check(deployment) {
      if (withheld.size === 0) return;
      const reason = withheld.get(deployment);
      if (reason === undefined) return;
      throw new DomainError(
        'UNAVAILABLE',
        `This replica does not answer for ${deployment}, since it differs: ${reason}`,
        {
          hint: 'Ask again on another connection: another replica answers.',
        },
      );
    },
    close: () => clearTimeout(lapsing),
  };
}
