/** What a data plane says of itself to people. */
export interface PlaneStatus {
  readonly replica: string;
  readonly snapshotVersion: number;
  readonly isControlPlaneReachable: boolean;
  readonly deployments: readonly {
    readonly name: string;
    readonly isReady: boolean;
    readonly breaker: 'closed' | 'open';
    readonly routes: readonly { readonly revision: number; readonly role: string; readonly share: number }[];
    readonly failures: readonly { readonly revision: number; readonly reason: string }[];
  }[];
  readonly rowsAnswered: number;
  readonly requestsFailed: number;
  readonly shadowRowsWaiting: number;
  readonly shadowRowsDropped: number;
  readonly segmentsWaiting: number;
  readonly segmentsRejected: number;
}
