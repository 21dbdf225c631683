import type { Ss58 } from '../../common/brand.ts';
import { z } from 'zod';
import { isSubnetError, messageOf } from '../../common/errors.ts';
import type { Platform } from '../../common/platform-port.ts';
import type { Verifier } from '../../common/signer-port.ts';
import type { Logger } from '../../common/telemetry-port.ts';
import { readAuth, settleAuth, signatureCheckOf } from '../../common/wire/btauth.ts';
import type { AuthPolicy } from '../../common/wire/btauth.ts';
import type { HeaderMap } from '../../common/wire/inference-types.ts';
import { ReplayMemory } from '../../common/wire/replay.ts';
import { addressKey } from '../gate/address-key.ts';
import { createRateLimiter } from '../gate/rate-limit.ts';
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

/** Programs on this machine may try keys, but not many, each address by itself. */
const tries = { ratePerSecond: 5, burst: 30, maxKeys: 256 };
const replayLimits = { retentionNs: 15_000_000_000n, maxPerHotkey: 1000, maxTotal: 10_000 };

/**
 * Who can reach the port is no operator yet: every command is signed as btauth/1 with the hotkey of
 * the miner or a key that its YAML names, and each signature counts once. What others got wrong keeps
 * no operator out: a good signature counts whatever came before it, and strangers spend no nonce.
 */
export function createAdminGate(deps: AdminDeps, options: AdminOptions): AdminGate {
  const allowed = new Set<string>([options.hotkey, ...options.keys]);
  const policy: AuthPolicy = { receiver: options.hotkey, notBeforeNs: options.notBeforeNs };
  const replay = new ReplayMemory(replayLimits);
  const limiter = createRateLimiter(tries);
  return async (request) => {
    const { clock } = deps.platform;
    if (request.path !== adminPath) return refusal(404, 'no such path');
    if (request.method !== 'POST') return refusal(405, 'use POST');
    const judged = judge(deps, policy, replay, allowed, request);
    if ('hotkey' in judged) return run(deps, judged.hotkey, request.body);
    const waitMs = limiter.take(addressKey(request.remoteAddress), clock.monotonicMs());
    return waitMs === 0 ? judged : refusal(429, 'too many bad requests');
  };
}

function judge(
  { platform, verifier }: AdminDeps,
  policy: AuthPolicy,
  replay: ReplayMemory,
  allowed: ReadonlySet<string>,
  { method, path, headers, body }: AdminRequest,
): { readonly hotkey: string } | AdminReply {
  // The wall clock as it is now: see the gatekeeper.
  const nowNs = BigInt(Math.floor(platform.clock.nowMs())) * 1_000_000n;
  const claim = readAuth(headers, policy, nowNs);
  if (claim.kind === 'auth-refusal') return refusal(claim.status, claim.reason);
  const parts = { method, pathWithQuery: path, bodySha256: platform.sha256(body) };
  const { message, signature, publicKey } = signatureCheckOf(claim, parts);
  const isGood = verifier.verify(message, signature, publicKey);
  if (isGood && !allowed.has(claim.hotkey)) {
    return refusal(403, 'this key may not administer the miner: list it in admin.keys');
  }
  const settled = settleAuth(claim, isGood, replay, nowNs);
  return settled.kind === 'authed' ? settled : refusal(settled.status, settled.reason);
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
    const code = isSubnetError(error) ? error.code : 'INTERNAL';
    const status = isSubnetError(error) ? 409 : 500;
    return { status, json: { ok: false, code, error: messageOf(error) } };
  }
}

function parse(body: Uint8Array): AdminCommand | AdminReply {
  try {
    const read = adminCommandSchema.safeParse(JSON.parse(decoder.decode(body)));
    return read.success ? read.data : refusal(400, z.prettifyError(read.error));
  } catch {
    return refusal(400, 'the body is no JSON');
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function refusal(status: number, error: string): AdminReply {
  return { status, json: { ok: false, error } };
}
