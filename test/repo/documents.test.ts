import { describe, expect, it } from 'vitest';
import { generatedFiles } from '../../scripts/generate.ts';
import { catalogue } from '../../common/error-catalogue.ts';
import { projectFiles, readProjectFile, sourceFiles } from './tree.ts';

const all = projectFiles();
const textFiles = all.filter((path) =>
  /\.(ts|mjs|js|json|md|ya?ml|rs|toml|py|sh|txt)$|(^|\/)(run|Dockerfile|LICENSE|\.npmrc)$/.test(
    path,
  ),
);

describe('documents and generated files', () => {
  it('are what the sources generate (npm run schema)', () => {
    for (const [path, text] of generatedFiles()) expect(readProjectFile(path), path).toBe(text);
  });

  it('name in the architecture only files that exist', () => {
    const named = [
      ...readProjectFile('docs/architecture.md').matchAll(/`([\w./-]+\.(?:ts|rs|sh))`/g),
    ]
      .map((match) => match[1] ?? '')
      .filter((path) => path.includes('/'));
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((path) => !all.includes(path))).toEqual([]);
  });

  it('name in the README only commands that package.json has', () => {
    const scripts = (JSON.parse(readProjectFile('package.json')) as { scripts: object }).scripts;
    const used = [...readProjectFile('README.md').matchAll(/npm run ([\w:]+)/g)].map((m) => m[1]);
    expect(used.length).toBeGreaterThan(2);
    expect(used.filter((name) => name !== undefined && !(name in scripts))).toEqual([]);
  });

  it('give each runtime dependency its reason', () => {
    const manifest = JSON.parse(readProjectFile('package.json')) as { dependencies: object };
    const text = readProjectFile('docs/dependencies.md');
    const silent = Object.keys(manifest.dependencies).filter(
      (name) => !text.includes(`\`${name}\``),
    );
    expect(silent).toEqual([]);
  });

  it('use and test every error of the catalogue', () => {
    const source = sourceFiles()
      .filter((path) => path !== 'common/error-catalogue.ts')
      .map(readProjectFile)
      .join('\n');
    const tests = projectFiles('test')
      .filter((path) => path.endsWith('.ts'))
      .map(readProjectFile)
      .join('\n');
    const codes = Object.keys(catalogue);
    expect(codes.filter((code) => !source.includes(`'${code}'`))).toEqual([]);
    expect(codes.filter((code) => !tests.includes(code))).toEqual([]);
  });

  it('hold no machine path, no registry address and no conflict mark', () => {
    const patterns = [
      new RegExp(['', 'work', '(main|shared)'].join('/')),
      new RegExp(['', 'root', ''].join('/')),
      new RegExp(['registry', 'npmjs'].join('\\.')),
      new RegExp(['files', 'pythonhosted'].join('\\.')),
      new RegExp(`^${'<'.repeat(7)} `, 'm'),
    ];
    const bad = textFiles.filter((path) => {
      const text = readProjectFile(path);
      return patterns.some((pattern) => pattern.test(text));
    });
    expect(bad).toEqual([]);
  });
});
