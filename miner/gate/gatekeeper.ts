import type { Hotkey } from '../../common/brand.ts';
import type { Platform } from '../../common/platform-port.ts';
import type { AuthPolicy, AuthRefusal, KeyedAddress } from '../../common/wire/btauth.ts';
import { keyOfAddress, settleAuth } from '../../common/wire/btauth.ts';
import type { Ss58 } from '../../common/brand.ts';
import type { ReplayMemory } from '../../common/wire/replay.ts';
import type { Claim, Entrance } from '../entrance/entrance.ts';
import type { MinerMetrics } from '../metrics.ts';
import { admit } from './admit.ts';
import type { AdmitPolicy, CallerDirectory } from './admit.ts';
import { refuse } from './http-message.ts';
import type { RawRequest, RawResponse } from './http-message.ts';
import { createRateLimiter } from './rate-limit.ts';
import type { RateLimiter } from './rate-limit.ts';
import type { VerifyQueue } from './verify-queue.ts';

/** A request whose signature, caller and nonce were good. */
export interface Accepted {
  readonly kind: 'accepted';
  readonly claim: Claim;
  readonly body: Uint8Array;
  readonly bodySha256: Uint8Array;
  /** Of the caller on this subnet, when the chain knows it. */
  readonly stakeRao: bigint;
  /** To be called once the request was answered. */
  release(): void;
}

/** A request that was turned away; `claim` is there once its signature was good. */
export interface TurnedAway {
  readonly kind: 'turned-away';
  readonly response: RawResponse;
}

export interface Gatekeeper {
  /** Cheap checks first, and no byte of a body before them. Never rejects for what callers do. */
  accept(request: RawRequest, entrance: Entrance): Promise<Accepted | TurnedAway>;
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
  readonly admission: AdmitPolicy;
  readonly ratePerSecond: number;
  readonly burst: number;
  /** Of one hotkey at a time. */
  readonly maxInFlight: number;
}

/** A wrong signature costs as much as a good one: from one address, this many may be tried. */
const badSignatures = { ratePerSecond: 20, burst: 100, maxKeys: 10_000 };
const maxRememberedCallers = 10_000;
const busyRetryMs = 1000;

interface Context extends GatekeeperDeps {
  readonly options: GatekeeperOptions;
  readonly auth: AuthPolicy;
  readonly perHotkey: RateLimiter;
  readonly badByAddress: RateLimiter;
  readonly inFlight: Map<string, number>;
}

export function createGatekeeper(deps: GatekeeperDeps, options: GatekeeperOptions): Gatekeeper {
  const { ratePerSecond, burst, notBeforeNs } = options;
  const context: Context = {
    ...deps,
    options,
    auth: { receiver: deps.receiver, keyOf: rememberKeys(deps.directory), notBeforeNs },
    perHotkey: createRateLimiter({ ratePerSecond, burst, maxKeys: maxRememberedCallers }),
    badByAddress: createRateLimiter(badSignatures),
    inFlight: new Map(),
  };
  return { accept: (request, entrance) => accept(context, request, entrance) };
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

/** Verify, admit, then spend the nonce: a stranger's good signature costs no memory. */
async function accept(
  context: Context,
  request: RawRequest,
  entrance: Entrance,
): Promise<Accepted | TurnedAway> {
  const { platform, auth, metrics, options } = context;
  const { clock } = platform;
  const claim = entrance.read(request, auth, clock.nowNs());
  if (claim.kind === 'auth-refusal') return turnAway(authRefusal(claim));
  const barred = barAddress(context, request.remoteAddress);
  if (barred !== null) return turnAway(barred);
  const from = clock.monotonicMs();
  const body = await request.readBody(options.maxBodyBytes);
  if (body === 'gone') return turnAway(refuse(408, 'gone', 'the body did not arrive'));
  if (body === 'too-large') return turnAway(tooLarge(options.maxBodyBytes));
  const read = clock.monotonicMs();
  metrics.stages.body.observe((read - from) / 1000);
  const bodySha256 = platform.sha256(body);
  const good = await context.verifyQueue.verify(claim.signatureCheck(bodySha256));
  metrics.stages.authenticate.observe((clock.monotonicMs() - read) / 1000);
  const refusal = settle(context, request, claim, good);
  if (refusal !== null) return turnAway(refusal);
  return accepted(context, claim, body, bodySha256);
}

function accepted(
  context: Context,
  claim: Claim,
  body: Uint8Array,
  bodySha256: Uint8Array,
): Accepted {
  const { inFlight } = context;
  const { hotkey } = claim;
  inFlight.set(hotkey, (inFlight.get(hotkey) ?? 0) + 1);
  const stakeRao = context.directory()?.get(hotkey)?.stakeRao ?? 0n;
  const release = (): void => {
    const left = (inFlight.get(hotkey) ?? 1) - 1;
    if (left > 0) inFlight.set(hotkey, left);
    else inFlight.delete(hotkey);
  };
  return { kind: 'accepted', claim, body, bodySha256, stakeRao, release };
}

function barAddress({ badByAddress, platform }: Context, address: string): RawResponse | null {
  const waitMs = badByAddress.peek(address, platform.clock.monotonicMs());
  if (waitMs === 0) return null;
  return refuse(429, 'bad_signatures', 'too many wrong signatures from this address', waitMs);
}

export function tooLarge(maxBytes: number): RawResponse {
  return refuse(413, 'too_large', `the body may have at most ${maxBytes} bytes`);
}

function settle(
  context: Context,
  request: RawRequest,
  claim: Claim,
  good: boolean,
): RawResponse | null {
  const { platform, replay, badByAddress, metrics } = context;
  if (!good) badByAddress.take(request.remoteAddress, platform.clock.monotonicMs());
  const barred = good ? barHotkey(context, claim.hotkey) : null;
  if (barred !== null) return barred;
  const settled = settleAuth(claim, good, replay, platform.clock.nowNs());
  metrics.replayEntries.set(replay.size);
  return settled.kind === 'authed' ? null : authRefusal(settled);
}

/** Reasons against a caller whose signature is good. */
function barHotkey(context: Context, hotkey: Hotkey): RawResponse | null {
  const { options, inFlight } = context;
  const admission = admit(options.admission, context.directory(), hotkey);
  if (admission.kind === 'refused') {
    const { status, reason, detail } = admission;
    return refuse(status, reason, detail, status === 503 ? busyRetryMs : undefined);
  }
  if ((inFlight.get(hotkey) ?? 0) >= options.maxInFlight) {
    const text = `at most ${options.maxInFlight} requests of one hotkey at a time`;
    return refuse(429, 'in_flight', text, busyRetryMs);
  }
  const waitMs = context.perHotkey.take(hotkey, context.platform.clock.monotonicMs());
  if (waitMs === 0) return null;
  return refuse(429, 'rate', `at most ${options.ratePerSecond} requests a second`, waitMs);
}

function authRefusal({ status, name, reason }: AuthRefusal): RawResponse {
  return refuse(status, name, reason);
}

function turnAway(response: RawResponse): TurnedAway {
  return { kind: 'turned-away', response };
}
