import type { Hotkey } from '../../common/brand.ts';
import type { Platform } from '../../common/platform-port.ts';
import type { Signer } from '../../common/signer-port.ts';
import { signRequest } from '../../common/wire/btauth.ts';
import { signClassic } from '../../common/wire/classic/classic-auth.ts';
import { signEpistula, uuidOf } from '../../common/wire/epistula.ts';
import type { BenchBody } from './bench-body.ts';

export const entrances = ['btauth', 'epistula', 'classic'] as const;

/** The scheme by which requests prove whom they are from. */
export type BenchEntrance = (typeof entrances)[number];

/** A request that is signed and ready to be sent, once. */
export interface BenchRequest {
  readonly body: BenchBody;
  readonly headers: Readonly<Record<string, string>>;
  readonly nonceNs: bigint;
}

export interface CallerDeps {
  readonly platform: Platform;
  readonly signer: Signer;
}

/** Signs one body after the other, round and round. */
export function createCaller(
  deps: CallerDeps,
  entrance: BenchEntrance,
  receiver: Hotkey,
  bodies: readonly BenchBody[],
): () => BenchRequest {
  let next = 0;
  return () => {
    const body = bodies[next % bodies.length];
    if (body === undefined) throw new RangeError('there are no bodies');
    next += 1;
    const nonceNs = deps.platform.clock.nowNs();
    const proof = signers[entrance](deps, receiver, body, nonceNs);
    return { body, headers: { ...body.headers, ...proof }, nonceNs };
  };
}

type Sign = (
  deps: CallerDeps,
  receiver: Hotkey,
  body: BenchBody,
  nonceNs: bigint,
) => Record<string, string>;

const nsPerMs = 1_000_000n;

const signers: Readonly<Record<BenchEntrance, Sign>> = {
  btauth: ({ signer }, receiver, { path, sha256 }, nonceNs) =>
    signRequest({
      method: 'POST',
      pathWithQuery: path,
      bodySha256: sha256,
      signer,
      nonceNs,
      receiver,
    }),
  epistula: ({ signer, platform }, receiver, { sha256 }, nonceNs) =>
    signEpistula({
      signer,
      bodySha256: sha256,
      timestampMs: nonceNs / nsPerMs,
      uuid: uuidOf(platform.randomBytes(16)),
      receiver,
    }),
  classic: ({ signer, platform }, receiver, { fieldsHash = '' }, nonceNs) =>
    signClassic({
      signer,
      nonceNs,
      receiver,
      uuid: uuidOf(platform.randomBytes(16)),
      bodyHash: fieldsHash,
    }),
};
