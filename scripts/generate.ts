import { readFileSync, writeFileSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { configSchemas } from '../common/config/config-schema.ts';
import { catalogue } from '../common/error-catalogue.ts';

/** Every file that is generated, by its path from the root, with its text. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const [name, schema] of Object.entries(configSchemas)) {
    const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'throw' });
    files.set(`config/schema/${name}.json`, `${JSON.stringify(json, null, 2)}\n`);
  }
  files.set('docs/errors.md', errorsDocument());
  return files;
}

function errorsDocument(): string {
  const rows = Object.entries(catalogue).map(
    ([code, entry]) => `| \`${code}\` | ${entry.exit} | ${entry.title} | ${entry.fix} |`,
  );
  return [
    '# Errors',
    '',
    'Generated from `common/error-catalogue.ts` by `npm run schema`. The exit code is that of the',
    'command that ends with the error: 1 failed, 2 wrong input, 3 the environment, 4 the chain refused.',
    '',
    '| code | exit | what happened | what to do |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function main(): void {
  const root = new URL('../', import.meta.url);
  mkdirSync(new URL('config/schema/', root), { recursive: true });
  for (const [path, text] of generatedFiles()) {
    const url = new URL(path, root);
    if (readOr(url) === text) continue;
    writeFileSync(url, text);
    console.log(`wrote ${path}`);
  }
}

function readOr(url: URL): string | null {
  try {
    return readFileSync(url, 'utf8');
  } catch {
    return null;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
