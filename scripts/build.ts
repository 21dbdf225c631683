import { chmodSync } from 'node:fs';
import { packagePath } from '../common/node/package-root.ts';
import { bundle } from './bundle.ts';

/** Builds the command into `dist/`, as it ships. */
await bundle(packagePath('dist'), ['cli/main.ts']);
chmodSync(packagePath('dist', 'cli', 'main.js'), 0o755);
