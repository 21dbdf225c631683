import { messageOf, isSubnetError } from '../../common/errors.ts';
import { formatProblem } from '../../common/config/config-load.ts';
import { ConfigError } from '../../common/config/config-load.ts';
import { referenceProblems } from '../config-references.ts';
import type { ConfigKind } from '../config-kind.ts';
import { fail, pass } from './finding.ts';
import type { Finding } from './finding.ts';

/** A YAML file that was read already, and the files that it names with their hashes. */
export function referencesFinding(file: string, kind: ConfigKind): Finding {
  const id = 'config.files';
  const problems = problemsOf(file, kind);
  if (problems.length === 0) return pass(id, `${file}: valid, ${namedText(kind)}`);
  return fail(id, problems.join('; '), 'Mend each place that is named, or get the right file.');
}

function namedText(kind: ConfigKind): string {
  return kind === 'miner'
    ? 'the other files that it names are there'
    : 'the files that it names are the right ones';
}

/** Without the model: `model.file` tells of it, with what to do. */
function problemsOf(file: string, kind: ConfigKind): readonly string[] {
  try {
    const problems = referenceProblems(file, kind).filter(({ path }) => path !== 'model.path');
    return problems.map(formatProblem);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem);
    if (isSubnetError(error)) return [messageOf(error)];
    throw error;
  }
}
