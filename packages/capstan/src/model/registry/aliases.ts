import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { conflict } from '#kernel/errors';
import * as store from './alias.store.ts';
import { aboutModel, requireModel, requireVersion, type RegistryDeps } from './deps.ts';
import { updateModel } from './model.store.ts';
import { refusalOf, type AliasMove, type Verdict } from './model.ts';
import { checkAlias, checkAliasName, checkText } from './naming.ts';

export interface AliasUseCases {
  /** Moves the alias from whatever version has it, in one step. @throws DomainError NOT_FOUND, INVALID_ARGUMENT */
  setAlias(input: {
    readonly model: string;
    readonly alias: string;
    readonly version: number;
    readonly reason?: string | undefined;
    readonly cause: Cause;
  }): Promise<void>;
  /**
   * Moves an alias on the strength of a verdict, which is noted with the move: the way to `champion`.
   * @throws DomainError CONFLICT unless the verdict passes for exactly this version; NOT_FOUND
   */
  promote(input: {
    readonly model: string;
    readonly version: number;
    readonly alias: string;
    readonly verdict: Verdict;
    readonly reason?: string | undefined;
    readonly cause: Cause;
  }): Promise<void>;
  /** Idempotent. @throws DomainError NOT_FOUND for the model */
  removeAlias(input: {
    readonly model: string;
    readonly alias: string;
    readonly reason?: string | undefined;
    readonly cause: Cause;
  }): Promise<void>;
  /** Who moved what, when, from where to where; newest first. @throws DomainError NOT_FOUND */
  aliasHistory(input: {
    readonly model: string;
    readonly alias?: string | undefined;
    /** Only moves with a smaller `seq`. */
    readonly before?: number | undefined;
    readonly limit: number;
  }): Promise<readonly AliasMove[]>;
}

interface Move {
  readonly model: string;
  readonly alias: string;
  readonly to: number | null;
  readonly reason?: string | undefined;
  readonly verdictId?: string | undefined;
  readonly cause: Cause;
}

const LONGEST_REASON = 2_000;

export function aliasUseCases({ database, events, clock }: RegistryDeps): AliasUseCases {
  async function move(writer: Writer, { model: name, alias, to, reason, verdictId, cause }: Move): Promise<void> {
    await database.dialect.lockChain(writer);
    const model = await requireModel(writer, name);
    if (to !== null) await requireVersion(writer, name, to);
    const from = (await store.findAlias(writer, model.id, alias)) ?? null;
    if (from === to) return;
    const at = clock.now();
    const facts = { alias, from, to, actor: cause.actor, reason: reason ?? null, verdictId: verdictId ?? null, at };
    await store.moveAlias(writer, model.id, facts);
    await updateModel(writer, model.id, {}, at);
    await events.append(writer, cause, {
      type: to === null ? 'model-alias.removed' : 'model-alias.set',
      ...aboutModel(model),
      payload: {
        model: name,
        alias,
        ...(from !== null && { from }),
        ...(to !== null && { to }),
        ...(reason !== undefined && { reason }),
        ...(verdictId !== undefined && { verdictId }),
      },
    });
  }

  return {
    async setAlias({ version, ...input }) {
      checkAlias(input.alias);
      checkText('reason', input.reason ?? '', LONGEST_REASON);
      await database.write((writer) => move(writer, { ...input, to: version }));
    },
    async promote({ version, verdict, ...input }) {
      checkAlias(input.alias);
      checkText('reason', input.reason ?? '', LONGEST_REASON);
      const refusal = refusalOf(verdict, input.model, version);
      if (refusal !== undefined) {
        throw conflict(refusal, {
          field: 'verdict',
          hint: 'Only a version whose verdict passes is promoted.',
          details: { verdictId: verdict.id },
        });
      }
      await database.write((writer) => move(writer, { ...input, to: version, verdictId: verdict.id }));
    },
    async removeAlias(input) {
      checkAliasName(input.alias);
      await database.write((writer) => move(writer, { ...input, to: null }));
    },
    async aliasHistory({ model, ...query }) {
      const row = await requireModel(database.read, model);
      return await store.movesOf(database.read, row.id, query);
    },
  };
}
