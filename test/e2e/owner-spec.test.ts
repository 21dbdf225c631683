import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDevChain } from '../../chain/devchain.ts';
import type { DevChain } from '../../chain/devchain.ts';
import type { Chain } from '../../common/chain-port.ts';
import { connectChain } from '../../common/chain/chain-substrate.ts';
import { genesisSchema } from '../../common/config/genesis-schema.ts';
import { signerFromSuri } from '../../common/keys/keys.ts';
import type { KeySigner } from '../../common/keys/keys.ts';
import { applyPlan } from '../../common/owner/apply.ts';
import type { Applied, ApplyEvent } from '../../common/owner/apply.ts';
import { checkRules } from '../../common/owner/check-rules.ts';
import { commitRulesCall, compareRules } from '../../common/owner/rules-commitment.ts';
import { parseValue } from '../../common/owner/hyperparameter-value.ts';
import { findHyperparameter } from '../../common/owner/hyperparameters.ts';
import type { Hyperparameter } from '../../common/owner/hyperparameters.ts';
import { setHyperparameter } from '../../common/owner/set-hyperparameter.ts';
import { valueGate } from '../../common/owner/value-rules.ts';
import type { GateQuestion } from '../../common/owner/owner-gates.ts';
import { makePlan } from '../../common/owner/plan.ts';
import type { PlanStep, Wishes } from '../../common/owner/plan.ts';
import type { StateSource } from '../../common/state-view.ts';
import { contractGenesis } from './chain-world.ts';
import { platform, silent, sr25519 } from './harness.ts';

const netuid = 1;
const tempo = 12;
const freezeWindow = 4;

/** The contract's subnet of //Alice, with a freeze window and one change in two tempos. */
const genesis = genesisSchema.parse({
  ...contractGenesis,
  network: {
    ...contractGenesis.network,
    adminFreezeWindow: freezeWindow,
    ownerHyperparamRateLimit: 2,
  },
  subnets: contractGenesis.subnets.map((subnet) => ({ ...subnet, tempo })),
});

function parameterOf(name: string): Hyperparameter {
  const found = findHyperparameter(name);
  if (found === null) throw new Error(`no ${name}`);
  return found;
}

/** The members of a chain, as a plain object that can be laid over. */
function view(chain: Chain & StateSource): Chain & StateSource {
  return new Proxy(chain, {
    ownKeys: () => ['view', 'submit', 'head', 'snapshot'],
    getOwnPropertyDescriptor: (target, name) => ({
      enumerable: true,
      configurable: true,
      value: bound(target, name),
    }),
    get: bound,
  });
}

function bound(target: Chain & StateSource, name: string | symbol): unknown {
  const member: unknown = Reflect.get(target, name);
  return typeof member === 'function' ? member.bind(target) : member;
}

describe("an owner's hyperparameters on the embedded chain", () => {
  let devchain: DevChain;
  let chain: Chain & StateSource;
  let alice: KeySigner;
  let bob: KeySigner;

  beforeAll(async () => {
    devchain = await startDevChain({ genesis, blockTimeMs: 150, port: 0, log: silent });
    chain = await connectChain({ endpoints: [devchain.url], platform, logger: silent });
    [alice, bob] = [signerFromSuri(sr25519, '//Alice'), signerFromSuri(sr25519, '//Bob')];
  });
  afterAll(async () => {
    await chain.close();
    await devchain.close();
  });

  const owner = (): GateQuestion => ({ netuid, authority: 'owner', signer: alice.ss58 });

  async function plan(wishes: Wishes, question = owner()): Promise<readonly PlanStep[]> {
    return (await makePlan(await chain.view(), wishes, question)).steps;
  }

  async function apply(
    wishes: Wishes,
    options: { readonly wait: boolean; readonly question?: GateQuestion },
  ): Promise<Applied & { readonly events: readonly ApplyEvent[] }> {
    const events: ApplyEvent[] = [];
    const { signal } = new AbortController();
    const report = (event: ApplyEvent) => void events.push(event);
    const deps = { chain, signer: alice, platform, signal, report };
    const applied = await applyPlan(deps, wishes, options.question ?? owner(), options);
    return { ...applied, events };
  }

  /** By root, whom no rate limit holds. */
  async function set(name: string, written: unknown): Promise<unknown> {
    const parameter = parameterOf(name);
    const value = parseValue(parameter, written);
    const change = { netuid, parameter, value, authority: 'root' } as const;
    return setHyperparameter({ chain, signer: alice, platform }, change);
  }

  /** The first block after an epoch, where the freeze window is far. */
  async function afterEpoch(): Promise<void> {
    for (;;) {
      const { block, lastEpochBlock } = await chain.snapshot(netuid);
      if (block.number - lastEpochBlock <= 2) return;
      await platform.clock.sleep(50);
    }
  }

  it('tells who may set what', async () => {
    await afterEpoch();
    const steps = await plan({ kappa: 30_000, immunityPeriod: 77, minAllowedWeights: 1 });
    const found = Object.fromEntries(
      steps.map(({ parameter, state, gates }) => [
        parameter.name,
        [state, gates.map(({ reason }) => reason)],
      ]),
    );
    expect(found).toEqual({
      kappa: ['blocked', ['root-only']],
      immunity_period: ['ready', []],
      min_allowed_weights: ['done', []],
    });
    const others = await plan({ immunityPeriod: 77 }, { ...owner(), signer: bob.ss58 });
    expect(others[0]).toMatchObject({ state: 'blocked', gates: [{ reason: 'not-owner' }] });
    expect(others[0]?.gates[0]?.detail).toContain(alice.ss58);
    const nowhere = await plan({ immunityPeriod: 77 }, { ...owner(), netuid: 99 });
    expect(nowhere[0]).toMatchObject({ state: 'blocked', gates: [{ reason: 'no-subnet' }] });
  });

  it('carries out what can be done, reads it back, and does nothing the second time', async () => {
    const wishes = {
      immunityPeriod: 55,
      maxBurnTao: '200',
      minBurnTao: '0.25',
      yuma3Enabled: false,
    };
    const first = await apply(wishes, { wait: true });
    expect(first.changed.map(({ name }) => name).toSorted()).toEqual([
      'immunity_period',
      'max_burn',
      'min_burn',
      'yuma3_enabled',
    ]);
    expect(first.left.steps.every(({ state }) => state === 'done')).toBe(true);
    const { hyperparams } = await chain.snapshot(netuid);
    expect(hyperparams.immunityPeriod).toBe(55);
    const second = await apply(wishes, { wait: true });
    expect(second).toMatchObject({ changed: [], events: [] });
  });

  it('waits for the rate limit, or leaves the step for another run', async () => {
    await afterEpoch();
    await apply({ servingRateLimit: 7 }, { wait: true });
    const [step] = await plan({ servingRateLimit: 8 });
    expect(step).toMatchObject({ state: 'waits' });
    expect(step?.gates[0]).toMatchObject({ reason: 'rate-limit' });
    const left = await apply({ servingRateLimit: 8 }, { wait: false });
    expect(left).toMatchObject({ changed: [] });
    expect(left.left.steps[0]).toMatchObject({ state: 'waits' });
    const done = await apply({ servingRateLimit: 8 }, { wait: true });
    expect(done.changed).toHaveLength(1);
    expect(done.events.map(({ kind }) => kind)).toContain('waiting');
    expect(done.changed[0]?.block).toBeGreaterThanOrEqual(step?.gates[0]?.clearsAtBlock ?? 0);
  });

  it('names the block at which the freeze window opens again', async () => {
    for (;;) {
      const { block, nextEpochBlock } = await chain.snapshot(netuid);
      if ((nextEpochBlock ?? 0) - block.number - 1 < freezeWindow - 1) break;
      await platform.clock.sleep(20);
    }
    const [step] = await plan({ rho: 11 });
    if (step?.state === 'waits') {
      expect(step.gates[0]).toMatchObject({ reason: 'freeze-window' });
    }
    const done = await apply({ rho: 11 }, { wait: true });
    expect(done.changed).toHaveLength(1);
  });

  it("tells the chain's own reason when it refuses", async () => {
    await afterEpoch();
    await expect(set('alpha_values', [10_000, 20_000])).rejects.toMatchObject({
      code: 'HYPERPARAMETER_REFUSED',
      facts: { error: 'LiquidAlphaDisabled' },
    });
  });

  it.each([
    ['min_burn', '1', false],
    ['min_burn', '0.9', true],
    ['max_burn', '0.1', false],
    ['max_burn', '0.8', false],
    ['max_allowed_uids', 1, false],
    ['max_allowed_uids', 250, true],
    ['mechanism_count', 9, false],
    ['mechanism_count', 2, false],
    ['max_validators', 251, false],
    ['max_validators', 250, true],
    ['alpha_values', [10_000, 20_000], false],
  ])('knows before the chain says it: %s = %j, %s', async (name, written, fits) => {
    const parameter = parameterOf(name);
    const value = parseValue(parameter, written);
    await afterEpoch();
    const asRoot = { ...owner(), authority: 'root' } as const;
    const gate = await valueGate(await chain.view(), parameter, value, asRoot);
    expect(gate === null).toBe(fits);
    const taken = await set(name, written).then(
      () => true,
      () => false,
    );
    expect(taken).toBe(fits);
  });

  it('says so when it was not seen what became of a change, and goes on from there', async () => {
    const blind = {
      ...view(chain),
      submit: () => Promise.resolve({ kind: 'unknown', message: 'the line was cut' } as const),
    };
    const { signal } = new AbortController();
    const deps = { chain: blind, signer: alice, platform, signal, report: () => undefined };
    const wishes = { bondsPenalty: 60_000 };
    await afterEpoch();
    const cut = applyPlan(deps, wishes, owner(), { wait: true });
    await expect(cut).rejects.toMatchObject({ code: 'HYPERPARAMETER_UNSEEN' });
    expect((await apply(wishes, { wait: true })).changed).toHaveLength(1);
  });

  it("compares a file with the owner's commitment", async () => {
    const hotkey = signerFromSuri(sr25519, '//Owner');
    const [mine, other] = ['11'.repeat(32), '22'.repeat(32)];
    const question = { netuid, file: 'subnet.yaml', sha256: mine, onMismatch: 'refuse' } as const;
    expect(await checkRules(chain, question, silent)).toMatchObject({ kind: 'none' });
    const call = await commitRulesCall(await chain.view(), netuid, hotkey.ss58, mine);
    expect(await chain.submit(call, hotkey)).toMatchObject({ kind: 'included' });
    expect(await checkRules(chain, question, silent)).toMatchObject({ kind: 'same' });
    const foreign = { ...question, sha256: other };
    await expect(checkRules(chain, foreign, silent)).rejects.toMatchObject({
      code: 'RULES_DIFFER',
    });
    const warned = await checkRules(chain, { ...foreign, onMismatch: 'warn' }, silent);
    expect(warned).toMatchObject({ kind: 'differs', committed: mine });
  });

  it('keeps what else the hotkey committed', async () => {
    const hotkey = signerFromSuri(sr25519, '//Owner');
    const info = { fields: [{ Raw5: '0x68656c6c6f' }] };
    const first = { call: 'named', pallet: 'Commitments', name: 'set_commitment' } as const;
    await chain.submit({ ...first, args: { netuid, info } }, hotkey);
    const rules = 'ab'.repeat(32);
    await chain.submit(
      await commitRulesCall(await chain.view(), netuid, hotkey.ss58, rules),
      hotkey,
    );
    const kept = await (
      await chain.view()
    ).storage('Commitments', 'CommitmentOf', netuid, hotkey.ss58);
    expect(JSON.stringify(kept)).toContain('68656c6c6f');
    expect(await compareRules(await chain.view(), netuid, rules)).toMatchObject({ kind: 'same' });
  });

  it('lets root set what owners may not', async () => {
    const question = { ...owner(), authority: 'root' } as const;
    const done = await apply({ kappa: 31_000, weightsRateLimit: 3 }, { wait: true, question });
    expect(done.changed).toHaveLength(2);
    expect((await chain.snapshot(netuid)).hyperparams.weightsRateLimit).toBe(3);
  });
});
