import { Command } from 'commander';
import { configSchemas } from '../common/config/config-schema.ts';
import { ConfigError, loadConfig, problemLines } from '../common/config/config-load.ts';
import type { ConfigProblem } from '../common/config/config-load.ts';
import { kindOf } from './config-kind.ts';
import type { ConfigKind } from './config-kind.ts';
import { referenceProblems } from './config-references.ts';
import type { CliIo } from './io.ts';
import { modelProblems } from './miner/model-problems.ts';

/** `subnet config check FILE... --kind subnet`: every problem with file, line, column and a hint. */
export function configCommand(io: CliIo): Command {
  const command = new Command('config').description('check YAML files');
  command
    .command('check')
    .description(
      'check files against their schema, and the files that they name; all problems at once',
    )
    .argument('<files...>', 'YAML files')
    .option(
      '--kind <kind>',
      `one of ${Object.keys(configSchemas).join(', ')} (guessed when absent)`,
    )
    .option('--json', 'machine-readable result as the last line')
    .action((files: string[], options: { kind?: string; json?: boolean }) =>
      checkFiles(io, files, options),
    );
  return command;
}

async function checkFiles(
  io: CliIo,
  files: readonly string[],
  options: { kind?: string; json?: boolean },
): Promise<void> {
  const problems: ConfigProblem[] = [];
  for (const file of files) problems.push(...(await problemsIn(file, kindOf(file, options.kind))));
  if (options.json === true) io.out(JSON.stringify({ ok: problems.length === 0, problems }));
  else for (const line of problems.flatMap(problemLines)) io.out(line);
  if (options.json !== true && problems.length === 0) io.out(`${files.length} ok`);
  if (problems.length > 0) io.setExitCode(2);
}

async function problemsIn(file: string, kind: ConfigKind): Promise<readonly ConfigProblem[]> {
  try {
    loadConfig(file, configSchemas[kind]);
    return [...referenceProblems(file, kind), ...(await modelProblems(file, kind))];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
