import { chmodSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { devPhrase } from '../../common/keys/suri.ts';
import { passwordVariable } from '../../common/keys/env-password.ts';
import { walletRig } from './wallet-rig.ts';
import type { RunOptions } from './wallet-rig.ts';

const password = 'canary password 31';
const other = 'another canary 32';
const seed = 'fac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e';

let rig = walletRig();
beforeEach(() => {
  rig = walletRig();
});
afterEach(() => rig.remove());

/** Every command in the clear, as JSON, as a dry run, well and badly used, with secrets in all of them. */
const steps: readonly (readonly [readonly string[], RunOptions])[] = [
  [['regen-coldkey', '--from', '-'], { input: devPhrase, answers: [password, password] }],
  [['regen-coldkey', '--from', '-'], { input: devPhrase }],
  [['regen-coldkey', '--from', '-'], { input: `${devPhrase} wrong` }],
  [['regen-hotkey', '--json'], { answers: [seed] }],
  [['regen-hotkey', '--hotkey', 'x'], { answers: [`${seed}00`] }],
  [['regen-hotkey', '--hotkey', 'x', '--seed', seed], {}],
  [['regen-hotkey', '--hotkey', 'x', '--mnemonic', devPhrase], {}],
  [['new-hotkey', '--hotkey', 'y', '--dry-run', '--json'], {}],
  [['sign', '--message', 'm'], { answers: [password] }],
  [['sign', '--message', 'm', '--json', '--use-hotkey'], {}],
  [['sign', '--message', 'm'], { answers: [other] }],
  [['sign', '--message', 'm'], { env: { BT_WALLET_PASSWORD: other } }],
  [['passwd'], { answers: [password, other, other] }],
  [['encrypt', '--key', 'hotkey'], { answers: [password, password] }],
  [['decrypt', '--key', 'hotkey', '--json'], { answers: [true, password] }],
  [['decrypt', '--password', other], {}],
  [['phrase'], { answers: [true, other] }],
  [['repair', '--yes', '--json'], { answers: [true] }],
  [['list', '--json'], {}],
  [['show'], {}],
  [['export', '--json'], {}],
];

it('shows no secret in any output of any wallet command', async () => {
  const outputs: string[] = [];
  for (const [args, options] of steps) {
    const run = await rig.run(args, options);
    outputs.push(`${args.join(' ').slice(0, 20)}: ${run.code}\n${run.text}`);
  }
  const hotkey = rig.file('mine', 'hotkeys', 'default');
  chmodSync(hotkey, 0o644);
  writeFileSync(rig.file('mine', 'coldkey'), JSON.stringify({ secretPhrase: `${devPhrase} x` }));
  const raw = { [passwordVariable(hotkey)]: password };
  outputs.push((await rig.run(['show'], { env: raw })).text);
  outputs.push((await rig.run(['sign', '--message', 'm'])).text);
  const all = outputs.join('\n');
  expect(all).toContain('KEYFILE_PASSWORD');
  for (const secret of [devPhrase, 'bottom drive', password, other, seed, `${seed}00`]) {
    expect(all.toLowerCase()).not.toContain(secret);
  }
}, 60_000);
