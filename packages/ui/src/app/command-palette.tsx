import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { api, useRead } from './api.ts';
import { wings } from './navigation.ts';
import css from './command-palette.module.css';
import { useProjectChoice } from './project-choice.ts';

interface Place {
  readonly label: string;
  readonly kind: string;
  readonly href: string;
}

const SHOWN = 12;

/** Go to any screen or object by typing part of its name, or a whole id. */
export function CommandPalette({ onClose }: { onClose(): void }) {
  const navigate = useNavigate();
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState('');
  const [index, setIndex] = useState(0);
  useEffect(() => dialog.current?.showModal(), []);
  const places = usePlaces();
  const found = [...byId(text.trim()), ...places.filter((place) => matches(place, text))].slice(0, SHOWN);
  const go = (place: Place | undefined): void => {
    if (!place) return;
    onClose();
    void navigate({ to: place.href });
  };
  return (
    <dialog ref={dialog} className={css['palette']} aria-label="Go to" onClose={onClose}>
      <input
        // The dialog is opened to type here.
        ref={(input) => input?.focus()}
        role="combobox"
        aria-label="Screen, object or id"
        aria-expanded="true"
        aria-controls="palette-places"
        aria-activedescendant={found[index] ? `place-${index}` : undefined}
        placeholder="A screen, a project, a model, or an id"
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setIndex(0);
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') setIndex(Math.min(found.length - 1, index + 1));
          else if (event.key === 'ArrowUp') setIndex(Math.max(0, index - 1));
          else if (event.key === 'Enter') go(found[index]);
          else return;
          event.preventDefault();
        }}
      />
      <div id="palette-places" role="listbox" aria-label="Places" className={css['places']}>
        {found.map((place, at) => (
          <button
            key={place.href}
            type="button"
            id={`place-${at}`}
            role="option"
            tabIndex={-1}
            aria-selected={at === index}
            onClick={() => go(place)}
          >
            {place.label} <span>{place.kind}</span>
          </button>
        ))}
      </div>
      {found.length === 0 && <p>Nothing has that name. Ids of runs, versions, rollouts and predictions work too.</p>}
    </dialog>
  );
}

function matches(place: Place, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/);
  return words.every((word) => `${place.label} ${place.kind}`.toLowerCase().includes(word));
}

function usePlaces(): readonly Place[] {
  const { project, names } = useProjectChoice();
  const deployments = useRead(api.deployments.list, { query: {} });
  const models = useRead(api.registry.listModels, { query: { limit: 200 } });
  const screens = wings(project).flatMap((wing) =>
    wing.links.map(({ label, href }) => ({ label, href, kind: wing.name || 'screen' })),
  );
  const objects = (kind: string, folder: string, list: readonly string[]): Place[] =>
    list.map((name) => ({ label: name, kind, href: `/${folder}/${encodeURIComponent(name)}` }));
  return [
    ...screens,
    ...objects('project', 'projects', names),
    ...objects(
      'deployment',
      'deployments',
      (deployments.data?.items ?? []).map((item) => item.name),
    ),
    ...objects(
      'model',
      'models',
      (models.data?.items ?? []).map((item) => item.name),
    ),
  ];
}

/** Addresses of objects by the shape of their ids. */
const shapes: readonly (readonly [RegExp, string, string])[] = [
  [/^[0-9a-f]{32}$/, 'run', 'runs'],
  [/^tr-[0-9a-f]{32}$/, 'trace', 'traces'],
  [/^d-[0-9a-f]{32}$/, 'evaluation dataset', 'evaluation-datasets'],
  [/^dv_\w+$/, 'dataset version', 'dataset-versions'],
  [/^pr_\w+$/, 'pipeline run', 'pipeline-runs'],
  [/^sw_\w+$/, 'sweep', 'sweeps'],
  [/^ro_\w+$/, 'rollout', 'rollouts'],
  [/^[a-z0-9-]+:.+$/, 'prediction', 'predictions'],
];

function byId(text: string): Place[] {
  return shapes
    .filter(([shape]) => shape.test(text))
    .map(([, kind, folder]) => ({ label: text, kind, href: `/${folder}/${encodeURIComponent(text)}` }));
}
