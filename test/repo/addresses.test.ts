import { expect, it } from 'vitest';
import { readProjectFile, sourceFiles } from './tree.ts';

it('what nodes say loses the keys of addresses at one door', () => {
  const users = sourceFiles().filter((path) => /\bplacesIn\b/.test(readProjectFile(path)));
  expect(users).toEqual(['common/chain/link/peer-text.ts', 'common/endpoint-name.ts']);
});
