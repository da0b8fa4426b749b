import { Link } from '@tanstack/react-router';
import { api, useRead } from '../../app/api.ts';

/** Whether there is a project of that name: experiments and models may name one that was never declared. */
export function useIsProject(name: string | null): boolean {
  const list = useRead(api.projects.list, {});
  return name !== null && list.data?.items.some((project) => project.name === name) === true;
}

/** A project's name, which leads to it where it is declared. */
export function ProjectLink({ name }: { name: string }) {
  return useIsProject(name) ? (
    <Link to="/projects/$project" params={{ project: name }}>
      {name}
    </Link>
  ) : (
    name
  );
}
