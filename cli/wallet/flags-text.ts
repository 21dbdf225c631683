import { defaultWalletPath } from '../../common/keys/wallet.ts';
import type { WalletLocation } from '../../common/keys/wallet.ts';

/** The flags that name this wallet, to be put behind a command that people copy. */
export function walletFlagsText({ path, name }: Pick<WalletLocation, 'path' | 'name'>): string {
  const where = path === defaultWalletPath ? '' : ` --wallet-path ${quoted(path)}`;
  return `--wallet-name ${quoted(name)}${where}`;
}

function quoted(text: string): string {
  return /^[\w./~@%+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
