import { useState } from 'react';
import { api, refresh } from '../../app/api.ts';
import { percent } from '../../design/format.ts';
import { ReasonAction } from '../../design/reason-dialog.tsx';
import css from './change-share.module.css';
import type { Split } from './routes.ts';

/** As the command takes it: in percent, with three digits behind the point. */
const STEP = 0.001;
const MOST = 100 - STEP;

/** Another share of the traffic for the revision of a split by hand. */
export function ChangeShare({ split }: { split: Split }) {
  // Anew when the share is another, by whoever changed it.
  return <ShareDialog key={split.share} split={split} />;
}

function ShareDialog({ split: { rollout, revision, share } }: { split: Split }) {
  const now = Number((share * 100).toFixed(3));
  const [text, setText] = useState(String(now));
  const wanted = Number(text);
  const isShare = text !== '' && wanted >= STEP && wanted <= MOST;
  return (
    <ReasonAction
      label="Change share"
      effect={
        isShare
          ? `Revision ${revision} answers ${percent(wanted / 100)} of the requests instead of ${percent(share)}, the champion the other ${percent(1 - wanted / 100)}.`
          : 'A share is more than 0 % and less than 100 %. “Give it all” ends the split, and so does “Roll back”.'
      }
      act={async (reason) => {
        await api.deployments.share({ params: { rollout }, body: { share: wanted / 100, reason } });
        await refresh();
      }}
    >
      <div className={css['share']}>
        <label htmlFor="share-number">{`Share of revision ${revision}`}</label>
        <input
          type="range"
          aria-label={`Share of revision ${revision}, in whole percents`}
          aria-valuetext={`${text} %`}
          min={1}
          max={99}
          value={isShare ? wanted : now}
          onChange={(event) => setText(event.target.value)}
        />
        <span className={css['number']}>
          <input
            id="share-number"
            type="number"
            required
            min={STEP}
            max={MOST}
            step={STEP}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
          %
        </span>
      </div>
    </ReasonAction>
  );
}
