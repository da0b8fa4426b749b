import type { ServingRole } from '@capstan/api';
import { notFound } from '#kernel/errors';
import type { LoggedAnswer } from '#operations/predictions';
import type { LineageDeps } from './deps.ts';

export interface ChosenAnswer {
  readonly answer: LoggedAnswer;
  readonly others: readonly LoggedAnswer[];
}

/** The answer that the caller got, or that of a role. @throws DomainError NOT_FOUND, CONFLICT for an id that is not clear */
export async function findAnswer(
  { predictions }: Pick<LineageDeps, 'predictions'>,
  id: string,
  role: ServingRole | undefined,
): Promise<ChosenAnswer> {
  const answers = await predictions.find(id);
  const answer = answers.find((each) => role === undefined || each.role === role);
  if (!answer) {
    const roles = [...new Set(answers.map((each) => each.role))].join(', ');
    throw notFound('prediction', `${id} by a ${role}`, `It was answered by: ${roles}.`);
  }
  return { answer, others: answers.filter((each) => each !== answer) };
}
