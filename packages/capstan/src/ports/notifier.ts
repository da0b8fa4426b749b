/** Something a person should hear of. */
export interface Notice {
  readonly severity: 'info' | 'warning' | 'critical';
  readonly title: string;
  readonly detail: string;
  /** Address of the object in the UI, from the root: `/projects/flight-delays/cycles/12`. */
  readonly link: string;
  /** Two notices with one key are one matter. */
  readonly key: string;
}

/** Tells people. Delivery is at least once; it never throws into the caller's work. */
export interface Notifier {
  notify(notice: Notice): Promise<void>;
}
