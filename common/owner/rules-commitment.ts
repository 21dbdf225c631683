import type { ChainCall } from '../chain-port.ts';
import { asList, asRecord, asOwner } from '../chain/decoded.ts';
import type { StateView } from '../state-view.ts';

/**
 * The owner of a subnet commits the sha256 of the subnet YAML on chain, as a `Sha256` field of the
 * commitment of the owner's hotkey (`Commitments.set_commitment`); miners and validators compare it
 * with the file they run.
 */
export type RulesState =
  /** The owner committed this very file. */
  | { readonly kind: 'same'; readonly block: number }
  | { readonly kind: 'differs'; readonly committed: string; readonly block: number }
  /** The owner committed no rules. */
  | { readonly kind: 'none' }
  /** The runtime has no Commitments, or the subnet no owner's hotkey. */
  | { readonly kind: 'unknown'; readonly detail: string };

/** A field of a commitment, as the metadata decodes it: `{ sha256: '0x..' }` or a bare name. */
type Field = unknown;
const maxFields = 3;

/** `sha256` in lower-case hex without `0x`. Throws CHAIN_*. */
export async function compareRules(
  view: StateView,
  netuid: number,
  sha256: string,
): Promise<RulesState> {
  const hotkey = await ownerHotkey(view, netuid);
  if (hotkey === null || !view.hasStorage('Commitments', 'CommitmentOf')) {
    const what = hotkey === null ? `subnet ${netuid} has no owner hotkey` : 'no Commitments pallet';
    return { kind: 'unknown', detail: what };
  }
  const found = await view.storage('Commitments', 'CommitmentOf', netuid, hotkey);
  const committed = found === null ? null : rulesIn(fieldsOf(found));
  if (committed === null) return { kind: 'none' };
  const block = Number(asRecord(found)['block']);
  return committed === sha256 ? { kind: 'same', block } : { kind: 'differs', committed, block };
}

/** Hotkey that speaks for the owner; null when the subnet has none. */
export async function ownerHotkey(view: StateView, netuid: number): Promise<string | null> {
  if (!view.hasStorage('SubtensorModule', 'SubnetOwnerHotkey')) return null;
  return asOwner(await view.storage('SubtensorModule', 'SubnetOwnerHotkey', netuid));
}

function fieldsOf(commitment: unknown): readonly Field[] {
  return asList(asRecord(asRecord(commitment)['info'])['fields']);
}

function rulesIn(fields: readonly Field[]): string | null {
  for (const field of fields) {
    const hash: unknown =
      typeof field === 'object' && field !== null && 'sha256' in field ? field.sha256 : null;
    if (typeof hash === 'string') return hash.replace(/^0x/, '').toLowerCase();
  }
  return null;
}

/**
 * The call that commits the hash, signed by the owner's hotkey. What else the hotkey committed is
 * kept, as far as three fields allow: a commitment replaces the one before it.
 */
export async function commitRulesCall(
  view: StateView,
  netuid: number,
  hotkey: string,
  sha256: string,
): Promise<ChainCall> {
  const found = view.hasStorage('Commitments', 'CommitmentOf')
    ? await view.storage('Commitments', 'CommitmentOf', netuid, hotkey)
    : null;
  const kept = found === null ? [] : fieldsOf(found).filter((field) => rulesIn([field]) === null);
  const fields = [{ Sha256: `0x${sha256}` }, ...kept.slice(0, maxFields - 1)];
  const args = { netuid, info: { fields } };
  return { call: 'named', pallet: 'Commitments', name: 'set_commitment', args };
}
