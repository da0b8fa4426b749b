import type { DebtItem, DebtLedger } from '@capstan/api';
import type { Reader, Writer } from '#database';
import type { FeatureBenefit } from '#model/gates';

export async function findReport(
  reader: Reader,
  project: string,
): Promise<{ items: DebtItem[]; measuredAt: number } | undefined> {
  const row = await reader.selectFrom('debt_reports').selectAll().where('project', '=', project).executeTakeFirst();
  return row && { items: JSON.parse(row.items) as DebtItem[], measuredAt: row.measured_at };
}

export async function keepReport(
  writer: Writer,
  project: string,
  items: readonly DebtItem[],
  measuredAt: number,
): Promise<void> {
  const row = { items: JSON.stringify(items), measured_at: measuredAt };
  await writer
    .insertInto('debt_reports')
    .values({ project, ...row })
    .onConflict((conflict) => conflict.column('project').doUpdateSet(row))
    .execute();
}

export interface Standing {
  readonly key: string;
  readonly title: string;
  readonly since: number;
}

export async function standing(reader: Reader, project: string): Promise<Standing[]> {
  return await reader
    .selectFrom('debt_items')
    .select(['item_key as key', 'title', 'since'])
    .where('project', '=', project)
    .where('repaid_at', 'is', null)
    .execute();
}

export async function insertItem(writer: Writer, project: string, { key, title, since }: Standing): Promise<void> {
  await writer
    .insertInto('debt_items')
    .values({ project, item_key: key, title, since, repaid_at: null })
    .onConflict((conflict) => conflict.columns(['project', 'item_key', 'since']).doUpdateSet({ repaid_at: null }))
    .execute();
}

export async function repayItem(writer: Writer, project: string, key: string, at: number): Promise<void> {
  await writer
    .updateTable('debt_items')
    .set({ repaid_at: at })
    .where('project', '=', project)
    .where('item_key', '=', key)
    .where('repaid_at', 'is', null)
    .execute();
}

/** Newest first. */
export async function repaidItems(reader: Reader, project: string, limit: number): Promise<DebtLedger['repaid']> {
  const rows = await reader
    .selectFrom('debt_items')
    .selectAll()
    .where('project', '=', project)
    .where('repaid_at', 'is not', null)
    .orderBy('repaid_at', 'desc')
    .orderBy('item_key')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ key: row.item_key, title: row.title, since: row.since, repaidAt: row.repaid_at ?? 0 }));
}

export async function findBenefits(reader: Reader, verdict: string): Promise<FeatureBenefit[] | undefined> {
  const row = await reader
    .selectFrom('debt_features')
    .select('benefits')
    .where('verdict', '=', verdict)
    .executeTakeFirst();
  return row && (JSON.parse(row.benefits) as FeatureBenefit[]);
}

export async function keepBenefits(
  writer: Writer,
  verdict: string,
  benefits: readonly FeatureBenefit[],
  at: number,
): Promise<void> {
  await writer
    .insertInto('debt_features')
    .values({ verdict, benefits: JSON.stringify(benefits), measured_at: at })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
