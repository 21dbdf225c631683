import { SubnetError } from '../../common/errors.ts';
import type { Prompter } from '../../cli/prompt.ts';

export interface FakePrompter extends Prompter {
  /** Every question that was asked, in order. */
  readonly asked: readonly string[];
}

/** Answers from a list, in order; with none left, refuses as a missing terminal does. */
export function fakePrompter(...answers: readonly (string | boolean)[]): FakePrompter {
  const left = [...answers];
  const asked: string[] = [];
  const next = <Kind extends string | boolean>(question: string, none: Kind): Kind => {
    asked.push(question);
    const answer = left.shift();
    if (typeof answer === typeof none) return answer as Kind;
    throw new SubnetError('USAGE', { detail: `"${question}" cannot be asked` });
  };
  return {
    asked,
    secret: async (question) => next(question, ''),
    confirm: async (question) => next(question, false),
    checkConfirm: () => undefined,
  };
}
