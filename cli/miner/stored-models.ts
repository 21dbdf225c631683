import type { Command } from 'commander';
import { loadConfig, problemLines } from '../../common/config/config-load.ts';
import { minerSchema } from '../../common/config/miner-schema.ts';
import { modelFilesOf } from '../../miner/models/model-files.ts';
import { findModelSources, storedSource } from '../../miner/models/model-sources.ts';
import { scanRepository } from '../../miner/models/repository.ts';
import { referenceProblems } from '../config-references.ts';
import type { CliIo } from '../io.ts';
import { renderTable } from '../operator/table.ts';
import type { Column } from '../operator/table.ts';
import { modelProblems } from './model-problems.ts';

/** Adds what `subnet miner models` can say of files, whether a miner runs or not. */
export function addModelFiles(command: Command, io: CliIo): void {
  command
    .command('stored')
    .description('every version that a miner YAML names or its repository holds')
    .requiredOption('--config <file>', 'miner YAML')
    .option('--json', 'machine-readable result as the last line')
    .action((flags: ModelsFlags) => listModels(io, flags));
  command
    .command('check')
    .description('every manifest, and the sha256 of every file that one names')
    .requiredOption('--config <file>', 'miner YAML')
    .option('--json', 'machine-readable result as the last line')
    .action((flags: ModelsFlags) => checkModels(io, flags));
}

interface ModelsFlags {
  readonly config: string;
  readonly json?: boolean;
}

interface ListedModel {
  readonly name: string;
  readonly version: string;
  readonly served: boolean;
  readonly kind: string;
  readonly sha256: string;
  readonly licence: string;
}

function listModels(io: CliIo, { config: file, json }: ModelsFlags): void {
  const models = modelsOf(file);
  if (json === true) return io.out(JSON.stringify({ models }));
  io.out(renderTable(columns, models, io.columns));
}

function modelsOf(file: string): readonly ListedModel[] {
  const { value: config, baseDir } = loadConfig(file, minerSchema);
  const files = modelFilesOf(config, baseDir);
  const served = findModelSources(config, files).found;
  const stored =
    files.modelRepository === undefined
      ? served.map(({ read }) => read())
      : scanRepository(files.modelRepository).map(storedSource);
  return stored.map(({ name, version, sha256, stored: own }) => ({
    name,
    version,
    served: served.some((one) => one.name === name && one.version === version),
    kind: own?.manifest.kind ?? 'tensors',
    sha256,
    licence: own?.manifest.licence ?? '-',
  }));
}

const columns: readonly Column<ListedModel>[] = [
  { title: 'model', rank: 0, text: ({ name }) => name },
  { title: 'version', align: 'right', rank: 0, text: ({ version }) => version },
  { title: 'served', rank: 0, text: ({ served }) => (served ? 'yes' : 'no') },
  { title: 'kind', rank: 1, text: ({ kind }) => kind },
  { title: 'licence', rank: 3, text: ({ licence }) => licence },
  { title: 'sha256', rank: 2, text: ({ sha256 }) => sha256.slice(0, 16) },
];

async function checkModels(io: CliIo, { config: file, json }: ModelsFlags): Promise<void> {
  const problems = [...referenceProblems(file, 'miner'), ...(await modelProblems(file, 'miner'))];
  if (json === true) io.out(JSON.stringify({ ok: problems.length === 0, problems }));
  else for (const line of problems.flatMap(problemLines)) io.out(line);
  if (json !== true && problems.length === 0) io.out('all files are the ones that are named');
  if (problems.length > 0) io.setExitCode(2);
}
