import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { conflict } from '#kernel/errors';
import * as store from './alias.store.ts';
import { requireModel, requireVersion, type RegistryDeps } from './deps.ts';
import type { ModelRow } from './model.store.ts';
import { refusalOf, type Change, type Verdict } from './model.ts';
import { checkAlias, checkAliasText, checkText } from './naming.ts';
import { record } from './record.ts';

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

export function aliasUseCases(deps: RegistryDeps): AliasUseCases {
  const { database } = deps;

  async function move(writer: Writer, { model: name, alias, to, reason, verdictId, cause }: Move): Promise<void> {
    const model = await requireModel(writer, name);
    if (to !== null) await requireVersion(writer, name, to);
    const from = (await store.findAlias(writer, model.id, alias)) ?? null;
    if (from !== to) await moveAlias(deps, writer, { model, alias, from, to, reason, verdictId, cause });
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
      checkAliasText(input.alias);
      await database.write((writer) => move(writer, { ...input, to: null }));
    },
  };
}

/** Points an alias elsewhere and records it: one without the other cannot happen. */
export async function moveAlias(
  deps: RegistryDeps,
  writer: Writer,
  move: Omit<Move, 'model'> & { readonly model: ModelRow; readonly from: number | null },
): Promise<void> {
  const { model, alias, from, to, reason, verdictId, cause } = move;
  await store.putAlias(writer, model.id, alias, to);
  await record(deps, writer, {
    model,
    cause,
    type: to === null ? 'model-alias.removed' : 'model-alias.set',
    payload: {
      model: model.name,
      alias,
      ...(from !== null && { from }),
      ...(to !== null && { to }),
      ...(reason !== undefined && { reason }),
      ...(verdictId !== undefined && { verdictId }),
    },
    changes: [aliasChange(alias, from, to)],
    reason,
    verdictId,
  });
}

export function aliasChange(alias: string, from: number | null, to: number | null): Change {
  const text = (version: number | null) => (version === null ? null : String(version));
  return {
    kind: to === null ? 'alias.removed' : 'alias.set',
    version: to ?? from,
    key: alias,
    from: text(from),
    to: text(to),
  };
}
