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
  files.set('docs/configuration.md', configurationDocument());
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

interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly minimum?: number;
  readonly maximum?: number;
}

function configurationDocument(): string {
  const parts = Object.entries(configSchemas).flatMap(([name, schema]) => {
    const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'throw' }) as SchemaNode;
    const rows = keyRows(json, '').map((cells) => `| ${cells.join(' | ')} |`);
    const intro = `## ${name}\n\n${json.description ?? ''}\n`;
    return [intro, '| key | type | default | what |', '| --- | --- | --- | --- |', ...rows, ''];
  });
  return [
    '# Configuration',
    '',
    'Generated from `common/config/*-schema.ts` by `npm run schema`. Editors complete these keys when the',
    'first line of a file names its schema, as the shipped files in `config/` do. `subnet config check FILE`',
    'tells every problem with line and column. Relative paths are relative to the file.',
    '',
    ...parts,
  ].join('\n');
}

/** A row for each key: its dotted path (`[]` for each item of a list), type, default, text. */
function keyRows(node: SchemaNode, path: string): string[][] {
  const options = [node, ...(node.oneOf ?? [])];
  return options.flatMap((option) =>
    Object.entries(option.properties ?? {})
      .filter(([key]) => key !== '$schema')
      .flatMap(([key, child]) => {
        const at = path === '' ? key : `${path}.${key}`;
        const needed = option.required?.includes(key) === true && child.default === undefined;
        const rows = [...keyRows(child, at), ...keyRows(child.items ?? {}, `${at}[]`)];
        const isGroup = child.type === 'object' || rows.length > 0;
        const shown = needed ? 'required' : isGroup ? '' : code(child.default);
        return [[`\`${at}\``, typeText(child), shown, child.description ?? ''], ...rows];
      }),
  );
}

function code(value: unknown): string {
  return value === undefined ? '' : `\`${JSON.stringify(value)}\``;
}

function typeText(node: SchemaNode): string {
  if (node.enum !== undefined) return node.enum.map(String).join(', ');
  if (node.const !== undefined) return JSON.stringify(node.const);
  if (node.anyOf !== undefined) return node.anyOf.map(typeText).join(' or ');
  if (node.items !== undefined) return 'list';
  const { minimum, maximum } = node;
  const least = minimum === undefined || minimum < -1e12 ? '' : ` from ${minimum}`;
  const most = maximum === undefined || maximum > 1e12 ? '' : ` to ${maximum}`;
  return `${node.type ?? ''}${least}${most}`;
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
