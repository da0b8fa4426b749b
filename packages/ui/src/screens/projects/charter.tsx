import type { ProjectReply } from '../../app/replies.ts';
import { duration, money } from '../../design/format.ts';
import { Facts, Halves } from '../../design/page.tsx';
import { Table } from '../../design/table.tsx';

/** The decision the model serves, what each answer is worth, and what may be lost. */
export function Charter({ charter }: { charter: ProjectReply['declaration']['charter'] }) {
  const { value, loss_budget: budget } = charter;
  const amount = (worth: number): string => money(worth, value.currency, true);
  return (
    <Halves>
      <Facts
        items={[
          ['Owner', charter.owner],
          ['Risk', charter.risk],
          ['Baseline', charter.baseline],
          [
            'Loss budget',
            budget
              ? `${money(budget.amount, value.currency)} in ${duration(budget.window)}, then ${budget.on_exhausted.replaceAll('-', ' ')}`
              : 'none',
          ],
          ['Success', charter.success ?? 'not said'],
          ['Not a goal', charter.non_goals.length === 0 ? 'not said' : charter.non_goals.join('; ')],
        ]}
      />
      <Table
        caption={`What a ${value.per} is worth`}
        rows={[
          { truth: 'It happens', warned: value.true_positive, silent: value.false_negative },
          { truth: 'It does not', warned: value.false_positive, silent: value.true_negative },
        ]}
        keyOf={(row) => row.truth}
        columns={[
          { name: 'Truth', cell: (row) => row.truth },
          { name: 'Decided yes', isNumber: true, cell: (row) => amount(row.warned) },
          { name: 'Decided no', isNumber: true, cell: (row) => amount(row.silent) },
        ]}
      />
    </Halves>
  );
}
