import { expect, it } from 'vitest';
import { readProjectFile, sourceFiles } from './tree.ts';

/** A constant that is named after RAO or TAO, or an amount that is made from one on the spot. */
const ownConstant = /\b\w*(?:rao|tao)\w*\s*[=*/:]\s*(?:1_000_000_000n?|1e9)\b/i;
const onTheSpot = /\b\w*[tr]ao\b[^\n=]*\)\s*[*/]\s*(?:1_000_000_000n?|1e9)\b/i;

it('how many RAO a TAO has stands in one file', () => {
  const found = sourceFiles().filter((path) => {
    const text = readProjectFile(path);
    return ownConstant.test(text) || onTheSpot.test(text);
  });
  expect(found).toEqual(['common/rao.ts']);
});
