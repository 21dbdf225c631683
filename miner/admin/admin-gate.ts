import type { Ss58 } from '../../common/brand.ts';
import type { z } from 'zod';
import { isSubnetError, messageOf } from '../../common/errors.ts';
import type { Platform } from '../../common/platform-port.ts';
import type { Verifier } from '../../common/signer-port.ts';
import type { Logger } from '../../common/telemetry-port.ts';
import {
  btauthHeaders,
  keyOfAddress,
  readAuth,
  settleAuth,
  signatureCheckOf,
} from '../../common/wire/btauth.ts';
import type { AuthClaim, AuthPolicy, AuthRefusal, KeyOf } from '../../common/wire/btauth.ts';
import type { HeaderMap } from '../../common/wire/inference-types.ts';
import { ReplayMemory } from '../../common/wire/replay.ts';
import { addressKey } from '../gate/address-key.ts';
import { createRateLimiter } from '../gate/rate-limit.ts';
import type { RateLimiter } from '../gate/rate-limit.ts';
import { adminCommandSchema, adminPath } from './admin-command.ts';
import type { AdminCommand } from './admin-command.ts';
import { carryOut } from './admin-control.ts';
import type { AdminControl } from './admin-control.ts';

export interface AdminRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: HeaderMap;
  readonly remoteAddress: string;
  readonly body: Uint8Array;
}

export interface AdminReply {
  readonly status: number;
  readonly json: unknown;
}

export interface AdminDeps {
  readonly platform: Platform;
  readonly verifier: Verifier;
  readonly control: AdminControl;
  readonly log: Logger;
}

export interface AdminOptions {
  /** The miner's hotkey: requests are addressed to it, and signed by it or by one of `keys`. */
  readonly hotkey: Ss58;
  readonly keys: readonly string[];
  /** Requests signed before this are refused (`restartFloorNs`). */
  readonly notBeforeNs: bigint;
}

/** Answers one request of the admin port; never rejects. */
export type AdminGate = (request: AdminRequest) => Promise<AdminReply>;

/** Wrong signatures under the name of a key that may: checking them takes time from validators. */
const tries = { ratePerSecond: 5, burst: 30, maxKeys: 256 };
const replayLimits = { retentionNs: 15_000_000_000n, maxPerHotkey: 1000, maxTotal: 10_000 };

interface Context extends AdminDeps {
  readonly allowed: ReadonlySet<string>;
  readonly policy: AuthPolicy;
  readonly replay: ReplayMemory;
  readonly wrongByAddress: RateLimiter;
}

/**
 * Who can reach the port is no operator yet: every command is signed as btauth/1 with the hotkey of
 * the miner or a key that its YAML names, and each signature counts once. Signatures are checked on
 * the event loop that serves validators, so strangers get none checked, and an address few that are
 * wrong. Each address pays for itself: what comes from one keeps no operator out who asks from another.
 */
export function createAdminGate(deps: AdminDeps, options: AdminOptions): AdminGate {
  const allowed = new Set<string>([options.hotkey, ...options.keys]);
  const { hotkey: receiver, notBeforeNs } = options;
  const context: Context = {
    ...deps,
    allowed,
    policy: { receiver, notBeforeNs, keyOf: keysOf(allowed) },
    replay: new ReplayMemory(replayLimits),
    wrongByAddress: createRateLimiter(tries),
  };
  return async (request) => {
    if (request.path !== adminPath) return refusal(404, 'no such path');
    if (request.method !== 'POST') return refusal(405, 'use POST');
    const judged = judge(context, request);
    return 'hotkey' in judged ? run(deps, judged.hotkey, request.body) : judged;
  };
}

/** Each decoded once. */
function keysOf(addresses: Iterable<string>): KeyOf {
  const keys = new Map([...addresses].map((address) => [address, keyOfAddress(address)]));
  return (address) => keys.get(address);
}

/** What the head tells, then what the address owes, then the signature. */
function judge(context: Context, request: AdminRequest): { readonly hotkey: string } | AdminReply {
  const { platform, policy, wrongByAddress } = context;
  const stranger = barStranger(context, request);
  if (stranger !== null) return stranger;
  // The wall clock as it is now: see the gatekeeper.
  const nowNs = BigInt(Math.floor(platform.clock.nowMs())) * 1_000_000n;
  const claim = readAuth(request.headers, policy, nowNs);
  if (claim.kind === 'auth-refusal') return refusal(claim.status, claim.reason);
  const address = addressKey(request.remoteAddress);
  const nowMs = platform.clock.monotonicMs();
  const waitMs = wrongByAddress.peek(address, nowMs);
  if (waitMs > 0) return tooMany(waitMs);
  const settled = check(context, request, claim, nowNs);
  if (settled === null) return refusal(503, 'the signature could not be checked; try again');
  if (settled.kind === 'authed') return settled;
  if (settled.status === 401) wrongByAddress.charge(address, nowMs);
  return refusal(settled.status, settled.reason);
}

/** By its own word, before anything is decoded: a key that may not needs no signature to hear so. */
function barStranger({ allowed }: Context, { headers }: AdminRequest): AdminReply | null {
  const named = headers[btauthHeaders.hotkey];
  if (typeof named !== 'string' || allowed.has(named)) return null;
  return refusal(403, 'this key may not administer the miner: list it in admin.keys');
}

function tooMany(waitMs: number): AdminReply {
  const seconds = Math.ceil(waitMs / 1000);
  return refusal(
    429,
    `too many wrong signatures came from this address: wait ${seconds} s, or ask from another (--from)`,
  );
}

/** Null when it could not be done. */
function check(
  { platform, verifier, replay, log }: Context,
  { method, path, body }: AdminRequest,
  claim: AuthClaim,
  nowNs: bigint,
): { readonly kind: 'authed'; readonly hotkey: string } | AuthRefusal | null {
  const parts = { method, pathWithQuery: path, bodySha256: platform.sha256(body) };
  const { message, signature, publicKey } = signatureCheckOf(claim, parts);
  try {
    return settleAuth(claim, verifier.verify(message, signature, publicKey), replay, nowNs);
  } catch (error) {
    log.error('a signature of the admin port could not be checked', { error });
    return null;
  }
}

async function run(
  { control, log }: AdminDeps,
  key: string,
  body: Uint8Array,
): Promise<AdminReply> {
  const command = parse(body);
  if ('status' in command) return command;
  try {
    const result = await carryOut(control, command);
    log.info('admin command carried out', { command: command.command, key });
    return { status: 200, json: { ok: true, result } };
  } catch (error) {
    log.warn('admin command failed', { command: command.command, key, error });
    return failure(error);
  }
}

/** With code and facts, the operator's side can say what to do about it. */
function failure(cause: unknown): AdminReply {
  const error = messageOf(cause);
  if (!isSubnetError(cause)) return { status: 500, json: { ok: false, code: 'INTERNAL', error } };
  const facts = Object.fromEntries(
    Object.entries(cause.facts).map(([name, fact]) => [
      name,
      typeof fact === 'bigint' ? String(fact) : fact,
    ]),
  );
  return { status: 409, json: { ok: false, code: cause.code, facts, error } };
}

function parse(body: Uint8Array): AdminCommand | AdminReply {
  try {
    const read = adminCommandSchema.safeParse(JSON.parse(decoder.decode(body)));
    return read.success ? read.data : refusal(400, whatIsWrong(read.error));
  } catch {
    return refusal(400, 'the body is no JSON');
  }
}

/** In one line. */
function whatIsWrong({ issues }: z.ZodError): string {
  const texts = issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')} ${message}`,
  );
  return `the command is not valid: ${texts.join('; ')}`;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function refusal(status: number, error: string): AdminReply {
  return { status, json: { ok: false, error } };
}
