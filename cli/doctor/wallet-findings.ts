import { existsSync, readFileSync, statSync } from 'node:fs';
import { messageOf, isSubnetError } from '../../common/errors.ts';
import type { Hotkey } from '../../common/brand.ts';
import { readHotkeyAddress, walletFiles } from '../../common/keys/wallet.ts';
import type { WalletLocation } from '../../common/keys/wallet.ts';
import { keyfileEncryption } from '../../common/keys/keyfile.ts';
import { fail, pass, skipped, warn } from './finding.ts';
import type { Finding } from './finding.ts';

export interface WalletReport {
  readonly hotkey: Hotkey | null;
  readonly findings: readonly Finding[];
}

/** The files that a node reads; no secret is decrypted or signed with. Never throws. */
export function walletReport(location: WalletLocation): WalletReport {
  try {
    const files = walletFiles(location);
    const hotkey = readHotkeyAddress(location);
    const detail = `hotkey ${hotkey} in ${files.hotkey}`;
    const findings = [
      pass('wallet.hotkey', detail),
      modeFinding(files.hotkey),
      coldkeyFinding(files.coldkey, files.coldkeypub),
    ];
    return { hotkey, findings };
  } catch (error) {
    const fix = isSubnetError(error) ? error.fix : 'Check --wallet-path, --wallet-name, --hotkey.';
    return { hotkey: null, findings: [fail('wallet.hotkey', messageOf(error), fix)] };
  }
}

const readableByOthers = 0o077;

function modeFinding(file: string): Finding {
  const id = 'wallet.mode';
  const mode = statSync(file).mode & 0o777;
  const detail = `${file} has mode ${mode.toString(8).padStart(4, '0')}`;
  if ((mode & readableByOthers) === 0) return pass(id, detail);
  return warn(id, detail, `Others can read it: subnet wallet repair, or chmod 600 ${file}.`);
}

/** A node needs no coldkey: what is not there cannot be stolen. */
function coldkeyFinding(coldkey: string, coldkeypub: string): Finding {
  const id = 'wallet.coldkey';
  if (!existsSync(coldkey)) {
    if (existsSync(coldkeypub)) return pass(id, 'only its public part is on this machine: right');
    return skipped(id, 'no coldkey on this machine; a node needs none');
  }
  const encryption = keyfileEncryption(readFileSync(coldkey));
  if (encryption === undefined) {
    const fix = 'Encrypt it (subnet wallet), or keep it on another machine: it owns the stake.';
    return fail(id, `${coldkey} lies here in the clear`, fix);
  }
  const fix = 'A node needs only the hotkey: keep the coldkey on another machine.';
  return warn(id, `${coldkey} lies here, encrypted (${encryption})`, fix);
}
