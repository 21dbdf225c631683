import type { BlockRef, Chain, ChainCall, TxOutcome } from '../../common/chain-port.ts';
import type { Ss58 } from '../../common/brand.ts';
import { SubnetError } from '../../common/errors.ts';
import type { KeySigner } from '../../common/keys/keys.ts';
import { tao } from '../../common/operator/amount.ts';
import type { Refusal } from '../../common/operator/refusal.ts';
import type { StateSource, StateView } from '../../common/state-view.ts';
import type { ActionFlags } from '../flags.ts';
import type { CliIo } from '../io.ts';
import type { Prompter } from '../prompt.ts';
import { asCancelled, stoppable, throwIfStopped } from '../stopped.ts';
import { describeCall } from './describe-call.ts';
import type { DescribedCall } from './describe-call.ts';
import { factLines, factsJson } from './facts.ts';
import type { Facts } from './facts.ts';

export type Included = Extract<TxOutcome, { kind: 'included' }>;

/** One transaction of an operator, from what is meant to what the chain must show afterwards. */
export interface Operation {
  /** A sentence without its full stop: `Register hotkey 5Grw… on netuid 2`. */
  readonly what: string;
  readonly call: ChainCall;
  /** Tried in turn where the one before was not this signer's to call, or did nothing. */
  readonly otherwise?: readonly ChainCall[];
  readonly signedBy: 'coldkey' | 'hotkey';
  readonly payer: Ss58;
  /** What a person should know before they say yes. */
  readonly facts: Facts;
  refusals(feeRao: bigint): readonly Refusal[];
  /** Reads back, from the state after that block, what came of it; null when nothing is there. */
  effect(view: StateView, included: Included): Promise<Facts | null>;
  /** Done after the last question and before anything is signed. */
  beforeSigning?(): void;
}

export interface OperationDeps {
  readonly io: CliIo;
  readonly flags: ActionFlags;
  readonly chain: Chain & StateSource;
  readonly prompter: Prompter;
  /** Asked for only once everything else is settled; disposed here. */
  open(signedBy: 'coldkey' | 'hotkey'): Promise<KeySigner>;
}

interface Plan {
  readonly operation: Operation;
  readonly call: DescribedCall;
  readonly feeRao: bigint;
  readonly refusals: readonly Refusal[];
}

export interface Done {
  readonly block: BlockRef;
  readonly extrinsicHash: string;
  readonly facts: Facts;
}

/**
 * Shows what would be done, asks, signs, sends and reads back. With --dry-run it stops after
 * showing. Throws the first refusal's code, TX_REFUSED, TX_UNKNOWN, EFFECT_NOT_SEEN, CANCELLED.
 */
export async function carryOut(deps: OperationDeps, operation: Operation): Promise<void> {
  const [plan] = await plansOf(deps, [operation]);
  if (plan === undefined) return;
  if (deps.flags.dryRun === true) return showDryRun(deps, [plan], planJson(plan));
  await settle(deps, [plan]);
  const [done] = await sendAll(deps, [plan]);
  if (done === undefined || deps.flags.json !== true) return;
  const { genesisHash } = deps.chain;
  deps.io.out(JSON.stringify({ ok: true, dryRun: false, genesisHash, ...doneJson(plan, done) }));
}

/** Several transactions of one coldkey, one after the other; `operations` in --json. */
export async function carryOutAll(
  deps: OperationDeps,
  operations: readonly Operation[],
): Promise<void> {
  const plans = await plansOf(deps, operations);
  if (deps.flags.dryRun === true) {
    return showDryRun(deps, plans, { operations: plans.map(planJson) });
  }
  await settle(deps, plans);
  const done = await sendAll(deps, plans);
  if (deps.flags.json !== true) return;
  const results = plans.flatMap((plan, at) => {
    const one = done[at];
    return one === undefined ? [] : [doneJson(plan, one)];
  });
  const { genesisHash } = deps.chain;
  deps.io.out(JSON.stringify({ ok: true, dryRun: false, genesisHash, operations: results }));
}

async function plansOf(
  { chain }: OperationDeps,
  operations: readonly Operation[],
): Promise<readonly Plan[]> {
  const view = await chain.view();
  return Promise.all(
    operations.map(async (operation) => {
      const call = describeCall(view, operation.call);
      const feeRao = await view.fee(operation.call, operation.payer);
      return { operation, call, feeRao, refusals: operation.refusals(feeRao) };
    }),
  );
}

function planJson({ operation, call, feeRao, refusals }: Plan): Readonly<Record<string, unknown>> {
  const { what, signedBy, payer, facts } = operation;
  return {
    what,
    call,
    signedBy,
    payer,
    fee: factsJson({ fee: tao(feeRao) })['fee'],
    refusals,
    ...factsJson(facts),
  };
}

function planLines({ operation, call, feeRao, refusals }: Plan): readonly string[] {
  const { what, signedBy, payer, facts } = operation;
  const by = call.sudo ? ' by Sudo.sudo' : '';
  const name = `${call.pallet}.${call.name}${by}, arguments as the chain takes them (RAO):`;
  const reasons = refusals.map((one) => `  would be refused: ${refusalText(one)}`);
  return [
    what,
    ...factLines(facts),
    ...factLines({ call: name }),
    ...factLines(call.args, '    '),
    ...factLines({ signedBy: `${signedBy} ${payer}`, fee: tao(feeRao) }),
    ...reasons,
  ];
}

function refusalText({ chainError, detail, clearsAtBlock }: Refusal): string {
  const told = clearsAtBlock === undefined || detail.includes(`at block ${clearsAtBlock}`);
  return `${chainError}: ${detail}${told ? '' : `; clears at block ${clearsAtBlock}`}`;
}

function showDryRun(
  { io, flags, chain }: OperationDeps,
  plans: readonly Plan[],
  json: Readonly<Record<string, unknown>>,
): void {
  const first = plans.flatMap(({ refusals }) => refusals)[0];
  const error = first === undefined ? null : errorOf(first);
  if (flags.json === true) {
    const { code, message = '', fix = '' } = error ?? {};
    const verdict = error === null ? { ok: true } : { ok: false, error: { code, message, fix } };
    const { genesisHash } = chain;
    io.out(JSON.stringify({ ...verdict, dryRun: true, genesisHash, ...json }));
  } else {
    for (const plan of plans) planLines(plan).forEach((line) => io.out(line));
    io.out('dry run: nothing was signed or sent');
  }
  if (error !== null) io.setExitCode(error.exitCode);
}

function errorOf({ code, chainError, detail, clearsAtBlock }: Refusal): SubnetError {
  const clears = clearsAtBlock === undefined ? {} : { clearsAtBlock };
  return new SubnetError(code, { detail, chainError, ...clears });
}

/** Refuses what the chain would refuse, then asks the person. */
async function settle(deps: OperationDeps, plans: readonly Plan[]): Promise<void> {
  const refused = plans.flatMap(({ refusals }) => refusals)[0];
  if (refused !== undefined) throw errorOf(refused);
  const say = (line: string): void =>
    deps.flags.json === true ? deps.io.err(line) : deps.io.out(line);
  for (const { operation, feeRao } of plans) {
    say(operation.what);
    factLines({ ...operation.facts, fee: tao(feeRao) }).forEach(say);
  }
  const question = plans.length === 1 ? 'Go ahead?' : `Go ahead with all ${plans.length}?`;
  if (!(await deps.prompter.confirm(question))) throw new SubnetError('CANCELLED');
  throwIfStopped(deps.io.signal);
}

async function sendAll(deps: OperationDeps, plans: readonly Plan[]): Promise<readonly Done[]> {
  const signedBy = plans[0]?.operation.signedBy ?? 'coldkey';
  const signer = await deps.open(signedBy);
  try {
    const done: Done[] = [];
    for (const plan of plans) {
      throwIfStopped(deps.io.signal, partText(done, plans.length));
      done.push(await send(deps, plan, signer));
    }
    return done;
  } finally {
    signer.dispose();
  }
}

/** What was done before the rest was cancelled. */
function partText(done: readonly Done[], count: number): string | undefined {
  if (done.length === 0) return undefined;
  const blocks = done.map(
    ({ block, extrinsicHash }) => `${extrinsicHash} in block ${block.number}`,
  );
  return `${done.length} of ${count} transactions are done: ${blocks.join(', ')}`;
}

async function send(deps: OperationDeps, { operation }: Plan, signer: KeySigner): Promise<Done> {
  if (signer.ss58 !== operation.payer) {
    const detail = `the key file signs as ${signer.ss58}, ${operation.payer} was planned with`;
    throw new SubnetError('KEYFILE_INVALID', { detail });
  }
  operation.beforeSigning?.();
  const done = await sendFirstThatWorks(deps, operation, stoppable(signer, deps.io.signal));
  if (deps.flags.json !== true) {
    const { block, extrinsicHash, facts } = done;
    const lines = factLines({ block: block.number, extrinsic: extrinsicHash, ...facts });
    [...lines, `done: seen on chain at block ${block.number}`].forEach((line) => deps.io.out(line));
  }
  return done;
}

async function sendFirstThatWorks(
  { chain, io }: OperationDeps,
  operation: Operation,
  signer: KeySigner,
): Promise<Done> {
  const calls = [operation.call, ...(operation.otherwise ?? [])];
  for (const [at, call] of calls.entries()) {
    const isLast = at === calls.length - 1;
    throwIfStopped(io.signal);
    const outcome = await chain.submit(call, signer).catch((error: unknown) => {
      throw asCancelled(error, io.signal);
    });
    if (!isLast && outcome.kind === 'refused' && outcome.name === 'BadOrigin') continue;
    const included = requireIncluded(outcome, io.signal);
    const { block, extrinsicHash } = included;
    const facts = await effectOf(chain, operation, included, io.signal);
    if (facts !== null) return { block, extrinsicHash, facts };
    if (isLast) throw new SubnetError('EFFECT_NOT_SEEN', { block: block.number, extrinsicHash });
  }
  throw new SubnetError('CALL_REFUSED', { detail: 'there is no call to send' });
}

/** Cancelling after the transaction is in a block does not undo it: TX_UNKNOWN says where it is. */
async function effectOf(
  chain: OperationDeps['chain'],
  operation: Operation,
  included: Included,
  signal: AbortSignal,
): Promise<Facts | null> {
  const { block, extrinsicHash } = included;
  try {
    return await operation.effect(await chain.view(block), included);
  } catch (error) {
    if (!signal.aborted) throw error;
    const detail = 'cancelled when it was in a block and before its effect was read';
    throw new SubnetError('TX_UNKNOWN', { detail, extrinsicHash, block: block.number });
  }
}

/** Throws TX_REFUSED, which names the chain's error, and TX_UNKNOWN. */
export function requireIncluded(outcome: TxOutcome, signal?: AbortSignal): Included {
  if (outcome.kind === 'included') return outcome;
  if (outcome.kind === 'unknown') {
    const { message, extrinsicHash } = outcome;
    const detail = signal?.aborted === true ? 'cancelled before it was seen in a block' : message;
    const hash = extrinsicHash === undefined ? {} : { extrinsicHash };
    throw new SubnetError('TX_UNKNOWN', { detail, ...hash });
  }
  const { name, where, message, block } = outcome;
  const at = block === undefined ? {} : { block: block.number };
  throw new SubnetError('TX_REFUSED', { detail: message, chainError: name, where, ...at });
}

function doneJson(
  { operation, feeRao }: Plan,
  { block, extrinsicHash, facts }: Done,
): Readonly<Record<string, unknown>> {
  return {
    what: operation.what,
    payer: operation.payer,
    block: block.number,
    blockHash: block.hash,
    extrinsicHash,
    ...factsJson({ ...operation.facts, fee: tao(feeRao), ...facts }),
  };
}
