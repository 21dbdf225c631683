/** Names of the pool's `Custom(n)` codes (since spec 222), by number. */
const poolErrors: Readonly<Record<number, string>> = {
  0: 'ColdkeyInSwapSchedule',
  1: 'StakeAmountTooLow',
  2: 'BalanceTooLow',
  3: 'SubnetNotExists',
  4: 'HotkeyAccountDoesntExist',
  5: 'NotEnoughStakeToWithdraw',
  6: 'RateLimitExceeded',
  7: 'InsufficientLiquidity',
  8: 'SlippageTooHigh',
  9: 'TransferDisallowed',
  10: 'HotKeyNotRegisteredInNetwork',
  11: 'InvalidIpAddress',
  12: 'ServingRateLimitExceeded',
  13: 'InvalidPort',
  14: 'ZeroMaxAmount',
  15: 'InvalidRevealRound',
  16: 'CommitNotFound',
  17: 'CommitBlockNotInRevealRange',
  18: 'InputLengthsUnequal',
  19: 'UidNotFound',
  20: 'EvmKeyAssociateRateLimitExceeded',
  21: 'ColdkeySwapDisputed',
  22: 'InvalidRealAccount',
  23: 'FailedShieldedTxParsing',
  24: 'InvalidShieldedTxPubKeyHash',
  25: 'NonAssociatedColdKey',
  26: 'DelegateTakeTooLow',
  27: 'DelegateTakeTooHigh',
  255: 'BadRequest',
};

/** Before spec 222 the number said which check failed, and nearly all of them were the stake's. */
const olderPoolErrors: Readonly<Record<number, string>> = {
  0: 'ColdkeyInSwapSchedule',
  1: 'NotEnoughStakeToSetWeights',
  2: 'NotEnoughStakeToSetWeights',
  3: 'NotEnoughStakeToSetWeights',
  4: 'NotEnoughStakeToSetWeights',
  5: 'TooManyRegistrationsThisInterval',
  6: 'NotEnoughStakeToSetWeights',
  7: 'NotEnoughStakeToSetWeights',
};

export interface PoolError {
  readonly name: string;
  readonly customCode?: number;
}

/**
 * Names a pool's refusal from the text of its JSON-RPC error: `Custom error: 6` of a node,
 * `{"invalid":{"custom":6}}` of chopsticks, or a node's sentence for the standard ones.
 */
export function namePoolError(text: string, specVersion: number): PoolError {
  const custom = /custom(?: error)?"?\s*:\s*(\d+)/i.exec(text)?.[1];
  if (custom !== undefined) {
    const customCode = Number(custom);
    const names = specVersion < 222 ? olderPoolErrors : poolErrors;
    return { name: names[customCode] ?? `Custom${customCode}`, customCode };
  }
  const found = standardErrors.find(([pattern]) => pattern.test(text));
  return { name: found?.[1] ?? 'InvalidTransaction' };
}

const standardErrors: readonly (readonly [RegExp, string])[] = [
  [/Inability to pay|"payment"/i, 'Payment'],
  [/outdated|"stale"/i, 'Stale'],
  [/ancient birth|"ancientBirthBlock"/i, 'AncientBirthBlock'],
  [/bad signature|"badProof"/i, 'BadProof'],
  [/valid in the future|"future"/i, 'Future'],
  [/invalid signing address|"badSigner"/i, 'BadSigner'],
  [/already imported|^1013\b/i, 'AlreadyImported'],
  [/priority is too low|^1014\b/i, 'PriorityTooLow'],
  [/temporarily banned|^1012\b/i, 'TemporarilyBanned'],
  [/not expected|"call"/i, 'CallNotExpected'],
  [/exhaust/i, 'ExhaustsResources'],
  [/immediately dropped|^1016\b/i, 'ImmediatelyDropped'],
  [/unknown transaction validity|^1011\b/i, 'UnknownValidity'],
];
