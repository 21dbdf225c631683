import { accessSync, constants, existsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { messageOf, SubnetError } from '../../common/errors.ts';

/** Throws OUTPUT_UNWRITABLE before minutes of measuring, rather than after them. */
export function checkOutputFile(file: string): void {
  try {
    accessSync(dirname(resolve(file)), constants.W_OK | constants.X_OK);
    if (!existsSync(file)) return;
    if (statSync(file).isDirectory()) throw new Error('it is a directory');
    accessSync(file, constants.W_OK);
  } catch (error) {
    throw unwritable(file, error);
  }
}

/** Throws OUTPUT_UNWRITABLE. */
export function writeOutputFile(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw unwritable(file, error);
  }
}

function unwritable(file: string, error: unknown): SubnetError {
  return new SubnetError('OUTPUT_UNWRITABLE', { detail: messageOf(error), file });
}
