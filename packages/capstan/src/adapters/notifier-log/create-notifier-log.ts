import type { Notice, Notifier } from '#ports/notifier';

type LogLevel = 'info' | 'warn' | 'error';

interface NotifierLogOptions {
  /** Writes one record; the shape of pino: `(level, fields, message) => logger[level](fields, message)`. */
  readonly log: (level: LogLevel, fields: Readonly<Record<string, string>>, message: string) => void;
}

const LEVELS = { info: 'info', warning: 'warn', critical: 'error' } as const satisfies Record<
  Notice['severity'],
  LogLevel
>;

/** Writes each notice as one record of the log: the title as its message, everything else as fields. Never throws. */
export function createNotifierLog(options: NotifierLogOptions): Notifier {
  return {
    async notify({ severity, title, detail, link, key }) {
      try {
        options.log(LEVELS[severity], { notice: key, severity, detail, link }, title);
      } catch {
        // A log that cannot be written must not fail the work that had something to say, and there is nobody to tell.
      }
    },
  };
}
