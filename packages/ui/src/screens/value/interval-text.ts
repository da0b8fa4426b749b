import type { ValueRow } from '../../app/replies.ts';
import { figure, money } from '../../design/format.ts';

type Limits = NonNullable<ValueRow['difference']>['logLoss'];

/** +$0.41 [$0.30, $0.52]; the mean alone where there are too few pairs for limits. */
export function moneyInterval(limits: Limits, currency: string): string {
  return written(limits, (amount) => money(amount, currency, true));
}

/** −0.0123 [−0.0150, −0.0096] */
export function figureInterval(limits: Limits): string {
  return written(limits, figure);
}

function written({ mean, lower, upper }: Limits, text: (value: number) => string): string {
  return lower === null || upper === null ? text(mean) : `${text(mean)} [${text(lower)}, ${text(upper)}]`;
}
