import { describe, expect, it } from 'vitest';
import type { CliIo } from '../../../cli/io.ts';
import { carryOut } from '../../../cli/operator/operation.ts';
import type { Operation, OperationDeps } from '../../../cli/operator/operation.ts';
import type { ActionFlags } from '../../../cli/flags.ts';
import type { ChainCall, TxOutcome } from '../../../common/chain-port.ts';
import { isSubnetError } from '../../../common/errors.ts';
import type { Signer } from '../../../common/signer-port.ts';
import { signerFromSuri } from '../../../common/keys/keys.ts';
import { loadSr25519 } from '../../../common/keys/sr25519.ts';
import { tao } from '../../../common/operator/amount.ts';
import { createFakeChain } from '../../fakes/fake-chain.ts';
import { fakePrompter } from '../../fakes/fake-prompter.ts';
import { fakeView } from '../../fakes/fake-view.ts';

const alice = signerFromSuri(loadSr25519(), '//Alice');
const first: ChainCall = { call: 'start_call', netuid: 2 };
const second: ChainCall = { call: 'named', pallet: 'Other', name: 'start', args: {} };

const included: TxOutcome = {
  kind: 'included',
  block: { number: 7, hash: '0x07' },
  extrinsicHash: '0xabc',
  events: [],
  finalised: false,
};
const refused = (name: string): TxOutcome => ({
  kind: 'refused',
  where: 'dispatch',
  name,
  message: `the chain says ${name}`,
});

interface Trial {
  readonly flags?: ActionFlags;
  readonly answers?: readonly boolean[];
  readonly outcomes?: readonly TxOutcome[];
  readonly operation?: Partial<Operation>;
  /** Ctrl-C at this point. */
  readonly stopAt?: 'open' | 'nonce' | 'sent' | 'effect';
}

/** Carries one operation out on a chain that answers with the outcomes in turn. */
async function trial(parts: Trial) {
  const { flags = {}, answers = [true], outcomes = [included], operation, stopAt } = parts;
  const stop = new AbortController();
  const reach = (point: Trial['stopAt']): void => {
    if (point === stopAt) stop.abort();
  };
  const sent: ChainCall[] = [];
  const out: string[] = [];
  let [opened, exit] = [0, 0];
  const view = fakeView({
    calls: { 'SubtensorModule.start_call': ['netuid'], 'Other.start': [] },
    feeRao: 5n,
  });
  const chain = {
    ...createFakeChain(),
    view: async () => view,
    submit: async (call: ChainCall, signer: Signer) => {
      reach('nonce');
      signer.sign(new Uint8Array(8));
      sent.push(call);
      reach('sent');
      if (stop.signal.aborted) return { kind: 'unknown', message: 'cut' } as const;
      return outcomes[sent.length - 1] ?? included;
    },
  };
  const io: CliIo = {
    out: (text) => void out.push(text),
    err: () => undefined,
    env: {},
    isTty: false,
    colour: false,
    columns: 80,
    signal: stop.signal,
    setExitCode: (code) => {
      exit = code;
    },
  };
  const deps: OperationDeps = {
    io,
    flags,
    chain,
    prompter: fakePrompter(...answers),
    open: async () => {
      opened += 1;
      reach('open');
      return { ...alice, dispose: () => undefined };
    },
  };
  const whole: Operation = {
    what: 'Start netuid 2',
    call: first,
    signedBy: 'coldkey',
    payer: alice.ss58,
    facts: { netuid: 2, cost: tao(1n) },
    refusals: () => [],
    effect: async () => {
      reach('effect');
      stop.signal.throwIfAborted();
      return { started: true };
    },
    ...operation,
  };
  const code = await carryOut(deps, whole).then(
    () => 'ok',
    (error: unknown) => (isSubnetError(error) ? error.code : String(error)),
  );
  return { code, sent, out, opened, exit };
}

describe('carrying out a transaction', () => {
  it('is done when the chain shows the effect', async () => {
    const { code, sent, out } = await trial({ flags: { json: true } });
    expect(code).toBe('ok');
    expect(sent).toEqual([first]);
    expect(JSON.parse(out.at(-1) ?? '')).toMatchObject({
      ok: true,
      dryRun: false,
      block: 7,
      extrinsicHash: '0xabc',
      cost: { rao: '1', unit: 'TAO' },
      fee: { rao: '5' },
      started: true,
    });
  });

  it('opens no key and sends nothing in a dry run', async () => {
    const { code, sent, out, opened } = await trial({ flags: { dryRun: true } });
    expect([code, sent, opened]).toEqual(['ok', [], 0]);
    expect(out.join('\n')).toMatch(/call +SubtensorModule\.start_call/);
    expect(out.join('\n')).toMatch(/fee +0\.000000005 TAO/);
  });

  it('opens no key when the answer is no, or the chain would refuse', async () => {
    expect(await trial({ answers: [false] })).toMatchObject({ code: 'CANCELLED', opened: 0 });
    const refusal = { code: 'NOT_OWNER', chainError: 'BadOrigin', detail: 'not yours' } as const;
    const operation = { refusals: () => [refusal] };
    expect(await trial({ operation })).toMatchObject({ code: 'NOT_OWNER', opened: 0, sent: [] });
    const dry = await trial({ operation, flags: { dryRun: true } });
    expect(dry).toMatchObject({ code: 'ok', exit: 4 });
    expect(dry.out.join('\n')).toMatch(/would be refused: BadOrigin: not yours/);
  });

  it('writes what must be on disk before it sends', async () => {
    const operation = {
      beforeSigning: () => {
        throw new Error('no space left');
      },
    };
    expect(await trial({ operation })).toMatchObject({ code: 'Error: no space left', sent: [] });
  });

  it.each([
    ['TX_REFUSED', { outcomes: [refused('SubnetNotExists')] }],
    ['TX_UNKNOWN', { outcomes: [{ kind: 'unknown', message: 'cut' } as const] }],
    ['EFFECT_NOT_SEEN', { operation: { effect: async () => null } }],
  ])('is %s when it is not known to be done', async (code, parts) => {
    expect((await trial(parts)).code).toBe(code);
  });

  it('tries the next call where the first is no longer for this signer, and no further', async () => {
    const operation = { otherwise: [second] };
    const moved = await trial({ operation, outcomes: [refused('BadOrigin'), included] });
    expect(moved).toMatchObject({ code: 'ok', sent: [first, second] });
    const other = await trial({ operation, outcomes: [refused('TxRateLimitExceeded')] });
    expect(other).toMatchObject({ code: 'TX_REFUSED', sent: [first] });
  });

  it.each(['open', 'nonce'] as const)(
    'is cancelled, unsigned, by Ctrl-C at: %s',
    async (stopAt) => {
      expect(await trial({ stopAt })).toMatchObject({ code: 'CANCELLED', opened: 1, sent: [] });
    },
  );

  it.each(['sent', 'effect'] as const)('is not known, by Ctrl-C at: %s', async (stopAt) => {
    const { code, sent } = await trial({ stopAt });
    expect([code, sent]).toEqual(['TX_UNKNOWN', [first]]);
  });

  it('does not sign with another key than was planned with', async () => {
    const payer = signerFromSuri(loadSr25519(), '//Bob').ss58;
    expect(await trial({ operation: { payer } })).toMatchObject({
      code: 'KEYFILE_INVALID',
      sent: [],
    });
  });
});
