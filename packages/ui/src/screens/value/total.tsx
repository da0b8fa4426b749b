import type { ValueReply } from '../../app/replies.ts';
import { count, counted, figure, money } from '../../design/format.ts';
import { Facts, Halves } from '../../design/page.tsx';
import { figureInterval, moneyInterval } from './interval-text.ts';

/** The sums over everything, each with how many answers stand behind it. */
export function Total({ summary: { total, currency } }: { summary: ValueReply }) {
  const { baseline, difference } = total;
  return (
    <Halves>
      <Facts
        items={[
          ['Value', total.value === null ? 'not measured' : money(total.value, currency, true)],
          [
            'Per prediction',
            total.valuePerPrediction === null ? 'not measured' : money(total.valuePerPrediction, currency, true),
          ],
          ['Outcomes known', `${count(total.labelled)} of ${counted(total.answered, 'answer')}`],
          ['Waiting', counted(total.pending, 'answer')],
        ]}
      />
      <Facts
        items={[
          [
            'Against the baseline',
            difference === null || difference.value === null
              ? 'not measured'
              : `${money(difference.value, currency, true)} over n ${count(difference.n)}`,
          ],
          [
            'Per prediction',
            difference?.valuePerPrediction ? moneyInterval(difference.valuePerPrediction, currency) : 'not measured',
          ],
          ['Log loss', `${figure(total.logLoss)} nats${baseline ? `, baseline ${figure(baseline.logLoss)}` : ''}`],
          ['Difference', difference ? `${figureInterval(difference.logLoss)} nats` : 'not measured'],
        ]}
      />
    </Halves>
  );
}
