import { existsSync } from 'node:fs';
import type { Ss58 } from '../../common/brand.ts';
import { publicText } from '../../common/keys/keyfile-key.ts';
import { publicKeyOf } from '../../common/keys/ss58.ts';
import { readPublicAddress, walletFiles } from '../../common/keys/wallet.ts';
import type { WalletLocation } from '../../common/keys/wallet.ts';
import { refuseExisting, refuseUnwritable, writeKeyFiles } from '../../common/keys/wallet-write.ts';
import type { KeyFileWrite } from '../../common/keys/wallet-write.ts';
import type { KeyKind } from '../wallet-open.ts';
import type { StoreFlags } from './store-keys.ts';

/** How `--overwrite` names a public file. */
export function publicName({ hotkey }: WalletLocation, kind: KeyKind): string {
  return kind === 'coldkey' ? 'coldkeypub.txt' : `hotkeys/${hotkey}pub.txt`;
}

/** The write of an address file; none when it holds the address already. Throws WALLET_EXISTS, WALLET_UNWRITABLE. */
export function publicPlan(
  location: WalletLocation,
  kind: KeyKind,
  ss58: Ss58,
  { overwrite }: StoreFlags,
): readonly KeyFileWrite[] {
  const files = walletFiles(location);
  const file = kind === 'coldkey' ? files.coldkeypub : files.hotkeypub;
  if (existsSync(file) && readPublicAddress(file) === ss58) return [];
  const replace = overwrite === publicName(location, kind);
  const plan = [{ file, content: publicText(publicKeyOf(ss58)), replace }];
  refuseExisting(plan);
  refuseUnwritable(plan);
  return plan;
}

/** Carries the plan out unless this is a dry run. Throws WALLET_EXISTS, WALLET_UNWRITABLE. */
export function storePublic(plan: readonly KeyFileWrite[], { dryRun }: StoreFlags): void {
  if (dryRun !== true) writeKeyFiles(plan);
}
