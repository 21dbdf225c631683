import { asAxon } from '../../common/chain/decoded.ts';
import { packIp, unpackIp } from '../../common/chain/ip.ts';
import { axonRefusals, readAxonState } from '../../common/operator/axon-plan.ts';
import type { AxonState } from '../../common/operator/axon-plan.ts';
import type { CliIo } from '../io.ts';
import { hotkeyOf, operationDeps, requireNetuid, usage } from './command-parts.ts';
import type { SigningFlags } from './command-parts.ts';
import { carryOut } from './operation.ts';
import type { Operation } from './operation.ts';
import { withChain } from './session.ts';
import type { OperatorDeps } from './session.ts';
import { shortKey } from './table.ts';

export interface AxonFlags extends SigningFlags {
  readonly ip?: string;
  readonly port?: number;
}

/** What a reset serves: zeros for the address, and a port that the chain takes. */
const nowhere = { ip: '0.0.0.0', port: 1 } as const;

/** `subnet axon set`: tell the chain where this hotkey serves. */
export function setAxon(io: CliIo, deps: OperatorDeps, flags: AxonFlags): Promise<void> {
  const { ip, port } = flags;
  if (ip === undefined || port === undefined) throw usage('give both --ip and --port');
  const { value, type } = packIp(ip);
  if (value === 0n) throw usage('an address of zeros resets the axon: use subnet axon reset');
  // As the chain will give it back.
  return serve(io, deps, flags, { ip: unpackIp({ value, type }), port });
}

/** `subnet axon reset`: take the endpoint off the metagraph. */
export function resetAxon(io: CliIo, deps: OperatorDeps, flags: SigningFlags): Promise<void> {
  return serve(io, deps, flags, nowhere);
}

interface Place {
  readonly ip: string;
  readonly port: number;
}

function serve(io: CliIo, deps: OperatorDeps, flags: SigningFlags, place: Place): Promise<void> {
  const netuid = requireNetuid(flags);
  const hotkey = hotkeyOf(io, flags);
  return withChain(io, deps, flags, async (chain) => {
    const state = await readAxonState(await chain.view(), netuid, hotkey);
    if (state.uid !== null && isThere(state.axon, place)) return tellSame(io, flags, place);
    await carryOut(operationDeps(io, deps, flags, chain), axonOperation(state, place));
  });
}

function isThere(axon: AxonState['axon'], { ip, port }: Place): boolean {
  if (ip === nowhere.ip) return axon === null;
  return axon?.ip === ip && axon.port === port;
}

function tellSame(io: CliIo, flags: SigningFlags, place: Place): void {
  const axon = place.ip === nowhere.ip ? null : placeText(place);
  if (flags.json === true) io.out(JSON.stringify({ ok: true, changed: false, axon }));
  else
    io.out(`${axon === null ? 'no axon is served' : `${axon} is served`} already; nothing to do`);
}

function placeText({ ip, port }: Place): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

export function axonOperation(state: AxonState, place: Place): Operation {
  const { netuid, hotkey, axon } = state;
  const isReset = place.ip === nowhere.ip;
  return {
    what: isReset
      ? `Take the axon of ${shortKey(hotkey)} off netuid ${netuid}`
      : `Serve the axon of ${shortKey(hotkey)} on netuid ${netuid} at ${placeText(place)}`,
    call: { call: 'serve_axon', netuid, version: 1, ...place },
    signedBy: 'hotkey',
    payer: hotkey,
    facts: {
      netuid,
      hotkey,
      before: axon === null ? null : placeText(axon),
      after: isReset ? null : placeText(place),
    },
    refusals: () => axonRefusals(state, place.ip),
    effect: async (view) => {
      const now = asAxon(await view.storage('SubtensorModule', 'Axons', netuid, hotkey));
      if (!isThere(now, place)) return null;
      return { axon: now === null ? null : placeText(now), changed: true };
    },
  };
}
