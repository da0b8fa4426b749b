/** Tags that people gave, without the name that clients add, which is shown for itself. */
export function tagsOfPeople(tags: Readonly<Record<string, string>>): (readonly [string, string])[] {
  return Object.entries(tags).filter(([key]) => key !== 'mlflow.user');
}
