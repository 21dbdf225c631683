import type { FuzzTarget } from './target.ts';
import { binaryTarget, jsonTarget, numbersTarget, responseTarget } from './targets/inference.ts';
import {
  btauthTarget,
  classicAuthTarget,
  epistulaTarget,
  receiptTarget,
} from './targets/headers.ts';
import { frameTarget } from './targets/frames.ts';
import { httpTarget } from './targets/http.ts';
import { losslessTarget, numpyTarget, synapseTarget } from './targets/classic.ts';
import { pathTarget, replayTarget } from './targets/small.ts';

export const fuzzTargets: readonly FuzzTarget[] = [
  btauthTarget,
  epistulaTarget,
  classicAuthTarget,
  receiptTarget,
  jsonTarget,
  numbersTarget,
  binaryTarget,
  responseTarget,
  losslessTarget,
  synapseTarget,
  numpyTarget,
  frameTarget,
  pathTarget,
  replayTarget,
  httpTarget,
];
