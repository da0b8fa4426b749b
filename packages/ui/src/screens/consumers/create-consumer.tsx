import { useState } from 'react';
import { api, useRead } from '../../app/api.ts';
import type { ConsumerReply } from '../../app/replies.ts';
import css from './consumer-form.module.css';
import { IssueAction } from './issue-dialog.tsx';

type Quota = NonNullable<ConsumerReply['quota']>;

/** What is known of a caller that is to be declared. */
export interface Proposal {
  readonly name: string;
  readonly deployment: string;
}

/** A button that declares a consumer, and shows its first token. */
export function CreateConsumer({ label, proposal, kind }: { label: string; proposal?: Proposal; kind?: 'primary' }) {
  return (
    <IssueAction
      label={label}
      title={proposal ? `Declare ${proposal.name} of ${proposal.deployment}` : label}
      verb="Create it and its token"
      {...(kind && { kind })}
      act={(form) => api.consumers.create({ body: bodyOf(form) })}
    >
      <label>
        Name
        <input
          name="name"
          required
          pattern="[a-z0-9]([a-z0-9\-]{0,62}[a-z0-9])?"
          title="lower-case letters, digits and inner dashes, at most 64"
          placeholder="booking-app"
          defaultValue={proposal?.name}
          autoComplete="off"
          spellCheck={false}
        />
      </label>
      <label>
        Owner
        <input name="owner" required maxLength={200} placeholder="who answers for it" autoComplete="off" />
      </label>
      <label>
        Purpose
        <input
          name="purpose"
          required
          maxLength={1_000}
          placeholder="what it does with the answers"
          autoComplete="off"
        />
      </label>
      <Deployments {...(proposal && { chosen: proposal.deployment })} />
      <QuotaFields />
    </IssueAction>
  );
}

function Deployments({ chosen }: { chosen?: string }) {
  const { data } = useRead(api.deployments.list, { query: {} });
  return (
    <fieldset className={css['checks']}>
      <legend>May call (none chosen: every deployment)</legend>
      {(data?.items ?? []).map(({ name }) => (
        <label key={name}>
          <input type="checkbox" name="deployment" value={name} defaultChecked={name === chosen} />
          {name}
        </label>
      ))}
    </fieldset>
  );
}

function QuotaFields() {
  const [amount, setAmount] = useState('');
  return (
    <div className={css['line']}>
      <label>
        Quota
        <input
          name="amount"
          type="number"
          min={1}
          max={1_000_000_000}
          placeholder="none"
          value={amount}
          onChange={(event) => setAmount(event.target.value)}
        />
      </label>
      <label>
        of
        <select name="unit" disabled={amount === ''}>
          <option value="rows">rows</option>
          <option value="requests">requests</option>
        </select>
      </label>
      <label>
        per
        <select name="per" disabled={amount === ''} defaultValue="minute">
          <option value="second">second</option>
          <option value="minute">minute</option>
          <option value="hour">hour</option>
          <option value="day">day</option>
        </select>
      </label>
    </div>
  );
}

function bodyOf(form: FormData): Parameters<typeof api.consumers.create>[0]['body'] {
  const text = (field: string): string => {
    const value = form.get(field);
    return typeof value === 'string' ? value.trim() : '';
  };
  const deployments = form.getAll('deployment').map(String);
  const amount = text('amount');
  return {
    name: text('name'),
    owner: text('owner'),
    purpose: text('purpose'),
    ...(deployments.length > 0 && { deployments }),
    ...(amount !== '' && {
      quota: { amount: Number(amount), unit: text('unit') as Quota['unit'], per: text('per') as Quota['per'] },
    }),
  };
}
