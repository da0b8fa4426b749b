export interface RailLink {
  readonly href: string;
  readonly label: string;
}

export interface Wing {
  readonly name: string;
  readonly links: readonly RailLink[];
}

/** The rail, by wing. What belongs to a project appears once there is one. */
export function wings(project: string | undefined): readonly Wing[] {
  const ofProject = (label: string, ...path: readonly string[]): readonly RailLink[] =>
    project === undefined ? [] : [{ label, href: ['/projects', project, ...path].map(encodeSegment).join('/') }];
  return [
    { name: '', links: [{ href: '/', label: 'Overview' }] },
    { name: 'Design', links: [{ href: '/projects', label: 'Projects' }, ...ofProject('Charter and cycle')] },
    { name: 'Data', links: [...ofProject('Datasets', 'datasets'), ...ofProject('Features', 'features')] },
    {
      name: 'Model',
      links: [
        { href: '/experiments', label: 'Experiments' },
        ...(project === undefined
          ? [{ href: '/pipeline-runs', label: 'Pipeline runs' }]
          : ofProject('Pipeline runs', 'pipeline-runs')),
        ...ofProject('Sweeps', 'sweeps'),
        { href: '/models', label: 'Models' },
        { href: '/evaluation-datasets', label: 'Evaluation datasets' },
      ],
    },
    {
      name: 'Operations',
      links: [
        { href: '/deployments', label: 'Deployments' },
        { href: '/consumers', label: 'Consumers' },
        ...ofProject('Monitors', 'monitors'),
        ...ofProject('Cycles', 'cycles'),
        { href: '/webhooks', label: 'Webhooks' },
      ],
    },
    {
      name: 'Ledger',
      links: [
        ...ofProject('Value', 'value'),
        ...ofProject('Debt', 'debt'),
        { href: '/audit', label: 'Audit' },
        { href: '/trash', label: 'Trash' },
      ],
    },
  ].filter((wing) => wing.links.length > 0);
}

function encodeSegment(part: string): string {
  return part.startsWith('/') ? part : encodeURIComponent(part);
}
