import { Link } from '@tanstack/react-router';
import { Fragment } from 'react';
import { api, useRead } from '../../app/api.ts';

const KNOWN = 500;

/** Experiments by name, each a link; by number where the name is not known yet. */
export function ExperimentLinks({ ids, tabIndex }: { ids: readonly string[]; tabIndex?: number }) {
  const all = useRead(api.experiments.list, { query: { limit: KNOWN } }).data?.items;
  return ids.map((id, index) => (
    <Fragment key={id}>
      {index > 0 && ', '}
      <Link to="/experiments/$experiment" params={{ experiment: id }} {...(tabIndex !== undefined && { tabIndex })}>
        {all?.find((experiment) => experiment.id === id)?.name ?? `experiment ${id}`}
      </Link>
    </Fragment>
  ));
}
