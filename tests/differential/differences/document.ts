import { differences, type Difference } from './index.ts';

/** The list of differences in Markdown, as docs/reference/mlflow-compatibility.md has it between its marks. */
export function toMarkdown(list: readonly Difference[] = differences): string {
  return list
    .map(({ name, calls, mlflow, capstan, why }) =>
      [`- **${name}** (${calls})`, `  - MLflow ${mlflow}.`, `  - Capstan ${capstan}.`, `  - Why: ${why}.`].join('\n'),
    )
    .join('\n');
}
