import type { Command } from 'commander';
import { invalid } from '#kernel/errors';
import { flagOf, type Config } from '../config.ts';
import { settings, type SettingName } from '../settings.ts';
import { exitCodes } from './exit-codes.ts';

/** One flag per setting, from the same table as variables and the file. */
export function addSettings(command: Command, names: readonly SettingName[]): void {
  for (const name of names) {
    const { fallback, summary } = settings[name];
    const shown = fallback === null ? '' : ` (default: ${String(fallback)})`;
    if (typeof fallback === 'boolean') command.option(flagOf(name), summary).option(`--no-${flagOf(name).slice(2)}`);
    else command.option(`${flagOf(name)} <value>`, summary + shown);
  }
}

/** Without login, whoever reaches the port may do anything: so only this machine may. @throws DomainError INVALID_ARGUMENT */
export function refuseOpenBind(config: Config): void {
  if (['localhost', '::1'].includes(config.host) || config.host.startsWith('127.')) return;
  throw invalid(`Refusing to listen on ${config.host}: there is no authentication yet`, {
    field: 'host',
    hint: 'Listen on 127.0.0.1 and let a reverse proxy with a login stand before it (then set --allowed-hosts).',
  });
}

/** Resolves at the first request to stop; the second one ends the process at once. */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let count = 0;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (++count > 1) process.exit(signal === 'SIGINT' ? exitCodes.interrupted : exitCodes.terminated);
        resolve(signal);
      });
    }
  });
}
