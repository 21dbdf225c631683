import type { Hotkey } from '../../common/brand.ts';
import type { Clock, Platform } from '../../common/platform-port.ts';
import type { AuthPolicy, AuthRefusal, KeyedAddress } from '../../common/wire/btauth.ts';
import { keyOfAddress, settleAuth } from '../../common/wire/btauth.ts';
import type { Ss58 } from '../../common/brand.ts';
import type { ReplayMemory } from '../../common/wire/replay.ts';
import type { Claim, Entrance } from '../entrance/entrance.ts';
import type { MinerMetrics } from '../metrics.ts';
import type { Tensor } from '../../common/tensor.ts';
import { addressKey } from './address-key.ts';
import { admit } from './admit.ts';
import type { AdmitPolicy, CallerDirectory } from './admit.ts';
import { createBodyRoom } from './body-room.ts';
import type { BodyRoom, BodySpace } from './body-room.ts';
import { createFairShare } from './fair-share.ts';
import type { FairShare } from './fair-share.ts';
import { refuse } from './http-message.ts';
import type { RawRequest, RawResponse, UnreadBody } from './http-message.ts';
import { createPace } from './pace.ts';
import type { Pace } from './pace.ts';
import { createProvenCallers } from './proven-callers.ts';
import type { ProvenCallers } from './proven-callers.ts';
import { createRateLimiter } from './rate-limit.ts';
import type { RateLimiter } from './rate-limit.ts';
import { requestCost } from './request-cost.ts';
import type { VerifyQueue } from './verify-queue.ts';
import { raoPerTao } from '../../common/rao.ts';

/** A request whose signature, caller and nonce were good. */
export interface Accepted {
  readonly kind: 'accepted';
  readonly claim: Claim;
  readonly body: Uint8Array;
  readonly bodySha256: Uint8Array;
  /** Of the caller on this subnet, when the chain knows it. */
  readonly stakeRao: bigint;
  /** Takes what the inputs cost beyond the one token of any request; a refusal when there is less. */
  charge(inputs: readonly Tensor[]): RawResponse | null;
  /** To be called once the request was answered. */
  release(): void;
}

/** A request that was turned away. */
export interface TurnedAway {
  readonly kind: 'turned-away';
  readonly response: RawResponse;
}

export interface Gatekeeper {
  /** Cheap checks first, and no byte of a body before them. Never rejects for what callers do. */
  accept(request: RawRequest, entrance: Entrance): Promise<Accepted | TurnedAway>;
  /** Milliseconds until those that are under way now are answered, at the pace of the last ones. */
  backlogMs(): number;
  /** Requests under way, and keys that are remembered of callers; for tests that these are bounded. */
  state(): GateState;
}

export interface GateState {
  readonly underWay: number;
  readonly bodyBytes: number;
  readonly hotkeys: number;
  readonly addresses: number;
  /** Hotkeys of which it is known from where they were let in. */
  readonly proven: number;
}

export interface GatekeeperDeps {
  readonly platform: Platform;
  /** The hotkey that requests must be addressed to. */
  readonly receiver: Ss58;
  readonly replay: ReplayMemory;
  readonly verifyQueue: VerifyQueue;
  readonly metrics: MinerMetrics;
  /** The callers that the chain knows; null until it was read. */
  readonly directory: () => CallerDirectory | null;
}

export interface GatekeeperOptions {
  /** Requests signed before this are refused (`restartFloorNs`). */
  readonly notBeforeNs: bigint;
  readonly maxBodyBytes: number;
  /** Of all bodies under way; one address may hold a quarter, a quarter is kept for proven callers. */
  readonly maxBufferedBytes: number;
  readonly admission: AdmitPolicy;
  /** Tokens of one hotkey. */
  readonly ratePerSecond: number;
  readonly burst: number;
  /** Elements of inputs that one token buys. */
  readonly costUnit: number;
  /** Requests of one address that cost a signature check and came to nothing. */
  readonly addressRatePerSecond: number;
  readonly addressBurst: number;
  /** Of one hotkey at a time. */
  readonly maxInFlight: number;
  /** Requests under way from which on hotkeys keep to their shares, and how those are weighed. */
  readonly capacity: number;
  readonly share: 'equal' | 'stake';
}

const maxRememberedCallers = 10_000;
const busyRetryMs = 1000;
const partOfOneAddress = 0.25;
const partKeptForProven = 0.25;
/** Rounds of validators may lie an hour apart, and a little more. */
const provenMs = 2 * 3_600_000;
const maxProvenAddresses = 8;
interface Context extends GatekeeperDeps {
  readonly options: GatekeeperOptions;
  readonly auth: AuthPolicy;
  readonly perHotkey: RateLimiter;
  /** A wrong signature costs as much as a good one. */
  readonly wastedByAddress: RateLimiter;
  readonly shares: FairShare;
  readonly bodies: BodyRoom;
  readonly proven: ProvenCallers;
  readonly pace: Pace;
}

export function createGatekeeper(deps: GatekeeperDeps, options: GatekeeperOptions): Gatekeeper {
  const { ratePerSecond, burst, notBeforeNs, addressRatePerSecond, addressBurst } = options;
  const maxKeys = maxRememberedCallers;
  const context: Context = {
    ...deps,
    options,
    auth: { receiver: deps.receiver, keyOf: rememberKeys(deps.directory), notBeforeNs },
    perHotkey: createRateLimiter({ ratePerSecond, burst, maxKeys }),
    wastedByAddress: createRateLimiter({
      ratePerSecond: addressRatePerSecond,
      burst: addressBurst,
      maxKeys,
    }),
    shares: createFairShare(options),
    bodies: bodyRoomOf(options),
    proven: createProvenCallers({
      maxHotkeys: maxKeys,
      maxAddresses: maxProvenAddresses,
      rememberedMs: provenMs,
    }),
    pace: createPace(),
  };
  return {
    accept: (request, entrance) => accept(context, request, entrance),
    backlogMs: () => context.pace.waitMs(context.shares.total),
    state: () => stateOf(context),
  };
}

/** A single body of the largest size always finds room. */
function bodyRoomOf({ maxBufferedBytes, maxBodyBytes }: GatekeeperOptions): BodyRoom {
  const maxBytes = Math.max(maxBufferedBytes, maxBodyBytes);
  const maxBytesPerAddress = Math.max(maxBytes * partOfOneAddress, maxBodyBytes);
  const maxUnprovenBytes = Math.max(maxBytes * (1 - partKeptForProven), maxBodyBytes);
  return createBodyRoom({ maxBytes, maxBytesPerAddress, maxUnprovenBytes });
}

function stateOf({ shares, bodies, proven, perHotkey, wastedByAddress }: Context): GateState {
  return {
    proven: proven.size,
    underWay: shares.total,
    bodyBytes: bodies.held,
    hotkeys: shares.hotkeys + perHotkey.size,
    addresses: bodies.addresses + wastedByAddress.size,
  };
}

/** Decoding an address costs a hash; those of registered callers are decoded once. */
function rememberKeys(
  directory: GatekeeperDeps['directory'],
): (address: string) => KeyedAddress | undefined {
  const known = new Map<string, KeyedAddress>();
  return (address) => {
    const remembered = known.get(address);
    if (remembered !== undefined) return remembered;
    const found = keyOfAddress(address);
    if (found !== undefined && directory()?.has(address) === true) {
      if (known.size >= maxRememberedCallers) known.clear();
      known.set(address, found);
    }
    return found;
  };
}

/** From the head alone; then the body, within what there is room for; then the signature. */
async function accept(
  context: Context,
  request: RawRequest,
  entrance: Entrance,
): Promise<Accepted | TurnedAway> {
  const claim = entrance.read(request, context.auth, wallNs(context.platform.clock));
  if (claim.kind === 'auth-refusal') return turnAway(authRefusal(claim));
  const address = addressKey(request.remoteAddress);
  const barred = barUnknown(context, claim.hotkey) ?? barAddress(context, address);
  if (barred !== null) return turnAway(barred);
  const asking = askingOf(context, claim, address);
  const judged = await judge(context, request, asking);
  if (judged.kind === 'turned-away') asking.space.close();
  else request.prove();
  return judged;
}

/** A request whose head was found good. */
interface Asking {
  readonly claim: Claim;
  readonly address: string;
  /** This hotkey was let in from this address lately. */
  readonly isProven: boolean;
  readonly space: BodySpace;
}

function askingOf({ proven, bodies, platform }: Context, claim: Claim, address: string): Asking {
  const isProven = proven.has(claim.hotkey, address, platform.clock.monotonicMs());
  return { claim, address, isProven, space: bodies.open(address, isProven) };
}

/**
 * The wall clock as it is now. The one that nonces are taken from never goes back: after a wrong
 * step of the clock, all that others sign would be stale until it caught up.
 */
function wallNs(clock: Clock): bigint {
  return BigInt(Math.floor(clock.nowMs())) * nsPerMs;
}

const nsPerMs = 1_000_000n;

async function judge(
  context: Context,
  request: RawRequest,
  asking: Asking,
): Promise<Accepted | TurnedAway> {
  const { platform, metrics, options } = context;
  const { claim, space } = asking;
  const { clock } = platform;
  const from = clock.monotonicMs();
  const { take, onGiveWay } = space;
  const body = await request.readBody({ maxBytes: options.maxBodyBytes, take, onGiveWay });
  if (typeof body === 'string') return turnAway(unread(context, asking, body));
  space.keep();
  const read = clock.monotonicMs();
  metrics.stages.body.observe((read - from) / 1000);
  const bodySha256 = platform.sha256(body);
  const good = await isSigned(context, claim, bodySha256);
  metrics.stages.authenticate.observe((clock.monotonicMs() - read) / 1000);
  const refusal = settle(context, asking, good);
  return refusal === null ? accepted(context, asking, body, bodySha256) : turnAway(refusal);
}

/**
 * A body that never was whole has held a place and memory, and nobody knows for whom: its address
 * pays as for a wrong signature. That there is no room for a proven caller is not the caller's doing.
 */
function unread(context: Context, { address, isProven }: Asking, why: UnreadBody): RawResponse {
  const { wastedByAddress, platform, options } = context;
  const isOurs = why === 'no-room' && isProven;
  if (!isOurs) wastedByAddress.charge(address, platform.clock.monotonicMs());
  return bodyRefusal(why, options.maxBodyBytes);
}

/**
 * A wallet in a browser signs a text between marks; such a signature counts as well. Null when it
 * could not be found out.
 */
async function isSigned(
  { verifyQueue }: Context,
  claim: Claim,
  bodySha256: Uint8Array,
): Promise<boolean | null> {
  const good = await verifyQueue.verify(claim.signatureCheck(bodySha256));
  const wrapped = good === false ? claim.wrappedCheck?.(bodySha256) : undefined;
  return wrapped === undefined ? good : verifyQueue.verify(wrapped);
}

function accepted(
  context: Context,
  { claim, address, space }: Asking,
  body: Uint8Array,
  bodySha256: Uint8Array,
): Accepted {
  const { shares, pace, platform, proven } = context;
  const { hotkey } = claim;
  proven.note(hotkey, address, platform.clock.monotonicMs());
  return {
    kind: 'accepted',
    claim,
    body,
    bodySha256,
    stakeRao: stakeOf(context, hotkey),
    charge: (inputs) => charge(context, hotkey, inputs),
    release: () => {
      space.close();
      shares.leave(hotkey);
      pace.done(platform.clock.monotonicMs(), shares.total);
    },
  };
}

function stakeOf({ directory }: Context, hotkey: Hotkey): bigint {
  return directory()?.get(hotkey)?.stakeRao ?? 0n;
}

/**
 * Whoever nobody knows can be refused before its body is read, whatever its signature is worth. It
 * is a 401: that this hotkey really asks was not seen.
 */
function barUnknown({ options, directory }: Context, hotkey: Hotkey): RawResponse | null {
  const callers = directory();
  if (callers === null || callers.has(hotkey)) return null;
  const { allow, deny } = options.admission;
  if (allow.has(hotkey) || deny.has(hotkey)) return null;
  return refuse(401, 'unknown_hotkey', 'this hotkey is not registered on the subnet');
}

function barAddress({ wastedByAddress, platform }: Context, address: string): RawResponse | null {
  const waitMs = wastedByAddress.peek(address, platform.clock.monotonicMs());
  if (waitMs === 0) return null;
  const text = 'too many requests of this address were not worth their signature check';
  return refuse(429, 'address', text, waitMs);
}

function bodyRefusal(why: UnreadBody, maxBytes: number): RawResponse {
  switch (why) {
    case 'evicted':
      return closing(
        refuse(503, 'evicted', 'room was needed before the body was whole', busyRetryMs),
      );
    case 'too-large':
      return tooLarge(maxBytes);
    case 'no-room':
      return refuse(503, 'no_room', 'too many large bodies are under way', busyRetryMs);
    case 'gone':
      return refuse(408, 'gone', 'the body did not arrive');
  }
}

/** What is left of the body is not waited for, however short it is. */
function closing(response: RawResponse): RawResponse {
  return { ...response, headers: { ...response.headers, connection: 'close' } };
}

export function tooLarge(maxBytes: number): RawResponse {
  return refuse(413, 'too_large', `the body may have at most ${maxBytes} bytes`);
}

/**
 * A wrong or useless signature has cost a check like a good one: its address pays for that. That it
 * could not be checked is not the caller's doing.
 */
function settle(
  context: Context,
  { address, claim }: Asking,
  good: boolean | null,
): RawResponse | null {
  if (good === null) {
    return refuse(503, 'unverified', 'the signature could not be checked now', busyRetryMs);
  }
  const { platform, wastedByAddress } = context;
  const nowMs = platform.clock.monotonicMs();
  const refusal = good ? admitted(context, claim, nowMs) : spent(context, claim, good);
  if (refusal === null) return null;
  if (refusal.status === 401 || refusal.status === 403) wastedByAddress.charge(address, nowMs);
  return refusal;
}

/**
 * Admit, look at the bucket, take a place, spend the nonce, pay: a stranger costs no memory, and
 * whoever sends another's request again takes none of that one's tokens.
 */
function admitted(context: Context, claim: Claim, nowMs: number): RawResponse | null {
  const { shares, perHotkey } = context;
  const { hotkey } = claim;
  const barred = barHotkey(context, hotkey, nowMs) ?? barShare(context, hotkey);
  if (barred !== null) return barred;
  const refusal = spent(context, claim, true);
  if (refusal !== null) {
    shares.leave(hotkey);
    return refusal;
  }
  perHotkey.take(hotkey, nowMs);
  return null;
}

function spent(context: Context, claim: Claim, good: boolean): RawResponse | null {
  const { platform, replay, metrics } = context;
  const settled = settleAuth(claim, good, replay, wallNs(platform.clock));
  metrics.replayEntries.set(replay.size);
  return settled.kind === 'authed' ? null : authRefusal(settled);
}

/** Reasons against a caller whose signature is good. */
function barHotkey(context: Context, hotkey: Hotkey, nowMs: number): RawResponse | null {
  const { options, directory, perHotkey } = context;
  const admission = admit(options.admission, directory(), hotkey);
  if (admission.kind === 'refused') {
    const { status, reason, detail } = admission;
    return refuse(status, reason, detail, status === 503 ? busyRetryMs : undefined);
  }
  const waitMs = perHotkey.peek(hotkey, nowMs);
  return waitMs === 0 ? null : rateRefusal(options, waitMs);
}

/** Takes a place among the requests under way, or says why there is none. */
function barShare(context: Context, hotkey: Hotkey): RawResponse | null {
  const { options, shares, pace } = context;
  const weight = options.share === 'equal' ? 1 : stakeWeight(stakeOf(context, hotkey));
  const verdict = shares.enter(hotkey, weight);
  if (verdict === 'entered') return null;
  const waitMs = Math.max(busyRetryMs, pace.waitMs(1));
  const text =
    verdict === 'own-limit'
      ? `at most ${options.maxInFlight} requests of one hotkey at a time`
      : 'the miner is busy, and this hotkey has its share of it';
  return refuse(429, verdict === 'own-limit' ? 'in_flight' : 'share', text, waitMs);
}

/** In TAO, at least one: who has no stake and is admitted all the same gets a little. */
function stakeWeight(stakeRao: bigint): number {
  return Math.max(1, Number(stakeRao) / Number(raoPerTao));
}

function charge(
  { options, perHotkey, platform }: Context,
  hotkey: Hotkey,
  inputs: readonly Tensor[],
): RawResponse | null {
  const more = requestCost(inputs, options.costUnit, options.burst) - 1;
  if (more <= 0) return null;
  // One token is taken already: whoever needs a whole bucket and more gets in with a full one.
  const affordable = Math.min(more, Math.max(0, options.burst - 1));
  const waitMs = perHotkey.take(hotkey, platform.clock.monotonicMs(), affordable);
  return waitMs === 0 ? null : rateRefusal(options, waitMs);
}

function rateRefusal({ ratePerSecond, costUnit }: GatekeeperOptions, waitMs: number): RawResponse {
  const text = `at most ${ratePerSecond} requests of ${costUnit} elements a second`;
  return refuse(429, 'rate', text, waitMs);
}

function authRefusal({ status, name, reason }: AuthRefusal): RawResponse {
  return refuse(status, name, reason);
}

function turnAway(response: RawResponse): TurnedAway {
  return { kind: 'turned-away', response };
}
