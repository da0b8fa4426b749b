const projectName = /^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$/;

/**
 * The project that facts of an experiment belong to: runs of a project are in the experiment of its name, and an
 * experiment by a name that no project can have belongs to none.
 */
export function projectOf(experimentName: string): { readonly project?: string } {
  return projectName.test(experimentName) ? { project: experimentName } : {};
}
