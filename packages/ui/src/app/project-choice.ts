import { useParams } from '@tanstack/react-router';
import { useEffect } from 'react';
import { api, useRead } from './api.ts';

const STORAGE_KEY = 'capstan.project';

/** The project one is in: that of the address, else the last one, else the only or first one. */
export function useProjectChoice(): { readonly project: string | undefined; readonly names: readonly string[] } {
  const params = useParams({ strict: false });
  const named = 'project' in params && typeof params.project === 'string' ? params.project : undefined;
  const list = useRead(api.projects.list, {});
  const names = (list.data?.items ?? []).map((project) => project.name);
  useEffect(() => {
    if (named !== undefined) localStorage.setItem(STORAGE_KEY, named);
  }, [named]);
  const last = localStorage.getItem(STORAGE_KEY);
  const project = named ?? (last !== null && names.includes(last) ? last : names[0]);
  return { project, names };
}
