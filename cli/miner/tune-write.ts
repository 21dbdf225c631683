import { readFileSync } from 'node:fs';
import { parseConfig } from '../../common/config/config-load.ts';
import { editYaml } from '../../common/config/config-edit.ts';
import { minerSchema } from '../../common/config/miner-schema.ts';
import { SubnetError } from '../../common/errors.ts';
import { replaceFile } from '../../common/node/replace-file.ts';
import type { Setting } from '../../miner/tune/setting.ts';
import { lineDiff } from './line-diff.ts';

/** What a miner YAML would become. */
export interface Rewrite {
  readonly file: string;
  readonly before: string;
  readonly after: string;
  /** Empty when the file says all that already. */
  readonly diff: readonly string[];
}

/** Throws CONFIG_UNEDITABLE, CONFIG_INVALID. */
export function planRewrite(file: string, setting: Setting): Rewrite {
  const before = readFileSync(file, 'utf8');
  const { instances, threads, maxBatch } = setting;
  const edited = editYaml(before, { section: 'engine', values: { instances, threads, maxBatch } });
  if ('problem' in edited) {
    const wanted = `engine.instances ${instances}, engine.threads ${threads}, engine.maxBatch ${maxBatch}`;
    throw new SubnetError('CONFIG_UNEDITABLE', { detail: `${edited.problem}; ${wanted}`, file });
  }
  // Never leave a file behind that the miner would not start with.
  parseConfig(edited.text, file, minerSchema);
  return { file, before, after: edited.text, diff: lineDiff(before, edited.text) };
}

/** Throws CONFIG_UNWRITABLE, also when the file was changed since it was read. */
export function carryOutRewrite({ file, before, after }: Rewrite): void {
  replaceFile(file, before, after);
}
