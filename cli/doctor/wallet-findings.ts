import { existsSync } from 'node:fs';
import { messageOf, isSubnetError } from '../../common/errors.ts';
import type { Hotkey } from '../../common/brand.ts';
import {
  keyState,
  readHotkeyAddress,
  readKeyBytes,
  walletFiles,
} from '../../common/keys/wallet.ts';
import type { WalletFiles, WalletLocation } from '../../common/keys/wallet.ts';
import { findModeProblems } from '../../common/keys/wallet-modes.ts';
import type { ModeFinding } from '../../common/keys/wallet-modes.ts';
import { keyfileEncryption } from '../../common/keys/keyfile.ts';
import { walletFlagsText } from '../wallet/flags-text.ts';
import { fail, pass, skipped, warn } from './finding.ts';
import type { Finding } from './finding.ts';

export interface WalletReport {
  readonly hotkey: Hotkey | null;
  readonly findings: readonly Finding[];
}

/** The files of a node's wallet; no secret is decrypted or signed with. Never throws. */
export function walletReport(location: WalletLocation): WalletReport {
  try {
    const files = walletFiles(location);
    const { hotkey, finding } = hotkeyOf(location, files);
    const others = [...modeFindings(location, files), coldkeyFinding(location, files)];
    return { hotkey, findings: [finding, ...others] };
  } catch (error) {
    return { hotkey: null, findings: [hotkeyFault(error)] };
  }
}

function hotkeyOf(location: WalletLocation, files: WalletFiles) {
  try {
    const hotkey = readHotkeyAddress(location);
    return { hotkey, finding: pass('wallet.hotkey', `hotkey ${hotkey} in ${files.hotkey}`) };
  } catch (error) {
    return { hotkey: null, finding: hotkeyFault(error) };
  }
}

function hotkeyFault(error: unknown): Finding {
  const fix = isSubnetError(error) ? error.fix : 'Check --wallet-path, --wallet-name, --hotkey.';
  return fail('wallet.hotkey', messageOf(error), fix);
}

/** The same look as `subnet wallet repair`. */
function modeFindings(location: WalletLocation, { folder }: WalletFiles): readonly Finding[] {
  const id = 'wallet.mode';
  if (!existsSync(folder)) return [skipped(id, `there is no folder ${folder}`)];
  const problems = findModeProblems(folder);
  if (problems.length === 0) return [pass(id, `nothing in ${folder} is open to others`)];
  return problems.map((problem) => modeFinding(location, problem));
}

function modeFinding(location: WalletLocation, { file, problem, repair }: ModeFinding): Finding {
  const fix =
    repair.kind === 'none'
      ? 'This has to be done by hand, as it says.'
      : `subnet wallet repair ${walletFlagsText(location)}`;
  return warn('wallet.mode', `${file}: ${problem}`, fix);
}

/** A node needs no coldkey: what is not there cannot be stolen. */
function coldkeyFinding(location: WalletLocation, files: WalletFiles): Finding {
  const id = 'wallet.coldkey';
  const { coldkey, coldkeypub } = files;
  switch (keyState(coldkey)) {
    case 'absent':
      if (existsSync(coldkeypub)) return pass(id, 'only its public part is on this machine: right');
      return skipped(id, 'no coldkey on this machine; a node needs none');
    case 'unreadable':
      return warn(
        id,
        `${coldkey} is there and cannot be read as a key`,
        'A node needs none: keep it on another machine.',
      );
    case 'plain': {
      const fix = `Encrypt it (subnet wallet encrypt ${walletFlagsText(location)}), or keep it on another machine: it owns the stake.`;
      return fail(id, `${coldkey} lies here in the clear`, fix);
    }
    case 'encrypted': {
      const encryption = keyfileEncryption(readKeyBytes(coldkey)) ?? '';
      const fix = 'A node needs only the hotkey: keep the coldkey on another machine.';
      return warn(id, `${coldkey} lies here, encrypted (${encryption})`, fix);
    }
  }
}
