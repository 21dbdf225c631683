import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodePassword, passwordVariable } from '../../common/keys/env-password.ts';
import { devPhrase } from '../../common/keys/suri.ts';
import { fakePrompter } from '../fakes/fake-prompter.ts';
import type { KeyDerivation } from '../../common/keys/key-derivation.ts';
import { json, quickDerivation, walletRig } from './wallet-rig.ts';

const aliceAddress = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY';
const aliceSeed = 'e5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a';
const rootAddress = '5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV';
const password = 'correct horse 7';

let rig = walletRig();
beforeEach(() => {
  rig = walletRig();
});
afterEach(() => rig.remove());

const coldkey = () => rig.file('mine', 'coldkey');
const hotkey = () => rig.file('mine', 'hotkeys', 'default');
const textOf = (file: string) => readFileSync(file, 'latin1');
const modeOf = (file: string) => statSync(file).mode & 0o777;

describe('subnet wallet create', () => {
  it('encrypts the coldkey with a password that is typed twice, the hotkey stays in the clear', async () => {
    const prompter = fakePrompter(password, password);
    const made = json(await rig.run(['create', '--json'], { prompter }));
    expect(made).toMatchObject({ ok: true });
    expect(prompter.asked.length).toBe(2);
    expect(textOf(coldkey())).toMatch(/^\$NACL/);
    expect(textOf(hotkey())).toMatch(/^\{/);
    expect([coldkey(), hotkey()].map(modeOf)).toEqual([0o600, 0o600]);
    expect(modeOf(rig.file('mine'))).toBe(0o700);
    expect(json(await rig.run(['show', '--json']))).toMatchObject({
      coldkey: { state: 'encrypted', ss58: made['coldkey'] },
      hotkey: { name: 'default', ss58: made['hotkey'], state: 'plain' },
      warnings: [],
    });
    expect(json(await rig.run(['list', '--json']))).toMatchObject({ wallets: [{ name: 'mine' }] });
  });

  it('asks again after a weak password and after one that was mistyped', async () => {
    const answers = ['abc', password, 'other', password, password];
    const made = await rig.run(['new-coldkey'], { answers });
    expect(made.code).toBe('ok');
    expect(made.err).toEqual([expect.stringContaining('too weak'), 'the two passwords differ']);
    const given = await rig.run(['new-coldkey', '--wallet-name', 'b'], {
      answers: ['a', 'b', 'c'],
    });
    expect(given.code).toBe('USAGE');
    expect(existsSync(rig.file('b'))).toBe(false);
  });

  it('takes the password from the environment, and holds it to the same policy', async () => {
    const made = await rig.run(['new-coldkey'], { env: { BT_WALLET_PASSWORD: password } });
    expect(made.code).toBe('ok');
    expect(textOf(coldkey())).toMatch(/^\$NACL/);
    const weak = await rig.run(['new-coldkey', '--wallet-name', 'b'], {
      env: { BT_WALLET_PASSWORD: 'aaaaaaaa' },
    });
    expect(weak.code).toBe('PASSWORD_WEAK');
  });

  it('says what to do where nobody can be asked, and writes nothing', async () => {
    expect((await rig.run(['create'])).code).toBe('USAGE');
    expect(readdirSync(rig.path)).toEqual([]);
  });

  it('writes in the clear, watches an address, or adds a hotkey when told to', async () => {
    expect((await rig.run(['create', '--unencrypted-coldkey'])).code).toBe('ok');
    expect(textOf(coldkey())).toMatch(/^\{/);
    expect((await rig.run(['create', '--hotkey-only', '--hotkey', 'h2'])).code).toBe('ok');
    const watched = ['create', '--wallet-name', 'w', '--coldkey-address', aliceAddress];
    expect((await rig.run(watched)).code).toBe('ok');
    expect(json(await rig.run(['show', '--wallet-name', 'w', '--json']))['coldkey']).toEqual({
      state: 'absent',
      ss58: aliceAddress,
    });
  });

  it('encrypts a hotkey on request and still knows its address', async () => {
    const made = await rig.run(['new-hotkey', '--encrypt-hotkey', '--json'], {
      answers: [password, password],
    });
    expect(textOf(hotkey())).toMatch(/^\$NACL/);
    const shown = json(await rig.run(['show', '--json']));
    expect(shown['hotkey']).toMatchObject({ ss58: json(made)['hotkey'], state: 'encrypted' });
  });

  it('shows what it would write with --dry-run, and writes nothing', async () => {
    const plan = json(await rig.run(['create', '--dry-run', '--json']));
    expect(plan).toMatchObject({ ok: true, dryRun: true });
    expect(plan['files']).toEqual(expect.arrayContaining([coldkey(), hotkey()]));
    expect(readdirSync(rig.path)).toEqual([]);
    expect((await rig.run(['create', '--dry-run'])).text).toContain(`would write ${coldkey()}`);
  });

  it('replaces a key only when --overwrite names it', async () => {
    await rig.run(['new-coldkey', '--uri', '//Alice', '--unencrypted-coldkey']);
    const before = textOf(coldkey());
    const again = ['new-coldkey', '--uri', '//Bob', '--unencrypted-coldkey'];
    expect((await rig.run(again)).code).toBe('WALLET_EXISTS');
    expect((await rig.run([...again, '--overwrite', 'hotkeys/default'])).code).toBe('USAGE');
    expect(textOf(coldkey())).toBe(before);
    expect((await rig.run([...again, '--overwrite', 'coldkey'])).code).toBe('ok');
    expect(textOf(coldkey())).not.toBe(before);
    const shown = json(await rig.run(['list', '--json']))['wallets'] as { coldkey: unknown }[];
    expect(shown[0]?.coldkey).toMatchObject({ ss58: expect.not.stringMatching(aliceAddress) });
  });

  it.each([
    ['two choices for the coldkey', ['--unencrypted-coldkey', '--hotkey-only']],
    ['an address that is none', ['--coldkey-address', 'nonsense']],
    ['a count of words that no phrase has', ['--hotkey-only', '--words', '13']],
    ['a secret URI in an argument', ['--hotkey-only', '--uri', `${devPhrase}//x`]],
  ])('refuses %s', async (_, flags) => {
    const refused = await rig.run(['create', ...flags]);
    expect(refused.code).toBe('USAGE');
    expect(refused.text).not.toContain('bottom drive');
  });
});

describe('subnet wallet regen', () => {
  it.each([
    ['words', devPhrase, rootAddress],
    ['words on several lines', devPhrase.replaceAll(' ', '\n'), rootAddress],
    ['a seed', `0x${aliceSeed}`, aliceAddress],
    ['a key file', JSON.stringify({ secretSeed: `0x${aliceSeed}` }), aliceAddress],
    ['a derivation path', `${devPhrase}//Alice`, aliceAddress],
  ])('takes %s from a file, standard input or the terminal', async (_, secret, address) => {
    writeFileSync(rig.file('secret'), `${secret}\n`);
    const clear = ['regen-coldkey', '--unencrypted-coldkey', '--json'];
    const made = [
      await rig.run([...clear, '--from', rig.file('secret')]),
      await rig.run([...clear, '--wallet-name', 'b', '--from', '-'], { input: secret }),
    ];
    if (!secret.startsWith('{')) {
      made.push(await rig.run([...clear, '--wallet-name', 'c'], { answers: [secret] }));
    }
    expect(made.map((run) => json(run)['coldkey'])).toEqual(made.map(() => address));
  });

  it('takes a private key in the canonical form', async () => {
    await rig.run(['new-hotkey', '--uri', '//Alice']);
    const stored = JSON.parse(textOf(hotkey())) as Record<string, string>;
    const made = await rig.run(['regen-hotkey', '--hotkey', 'h2', '--json'], {
      answers: [stored['privateKey'] ?? ''],
    });
    expect(json(made)['hotkey']).toBe(aliceAddress);
    const zero = await rig.run(['regen-hotkey', '--hotkey', 'h3'], { answers: ['f'.repeat(128)] });
    expect(zero.code).toBe('KEYFILE_INVALID');
    expect(zero.text).not.toContain('ffff');
  });

  it('gives a watched wallet its secret, but not that of another key', async () => {
    await rig.run(['regen-coldkeypub', '--ss58', aliceAddress]);
    const input = { input: devPhrase };
    const regen = ['regen-coldkey', '--unencrypted-coldkey', '--from', '-'];
    expect((await rig.run(regen, input)).code).toBe('WALLET_EXISTS');
    expect(existsSync(coldkey())).toBe(false);
    expect((await rig.run(regen, { input: aliceSeed })).code).toBe('ok');
  });

  it.each([
    ['nothing', '', 'USAGE'],
    ['a bare path, which would be the public development key', '//Alice', 'USAGE'],
    ['a word that is none', `${devPhrase} secretword`, 'SURI_INVALID'],
    ['a wrong checksum', devPhrase.replace('bottom', 'drive'), 'SURI_INVALID'],
    ['a file without secret', JSON.stringify({ ss58Address: aliceAddress }), 'KEYFILE_PUBLIC_ONLY'],
    ['another JSON', '{"a":1}', 'KEYFILE_INVALID'],
    ['an account of another curve', keystore('ed25519'), 'KEYFILE_INVALID'],
    ['an account that is damaged', keystore('sr25519'), 'KEYFILE_PASSWORD'],
  ])('refuses %s without quoting it', async (_, input, code) => {
    const bad = await rig.run(['regen-hotkey', '--from', '-'], { input });
    expect(bad.code).toBe(code);
    expect(bad.text).not.toMatch(/secretword|drive drive/);
    expect(existsSync(hotkey())).toBe(false);
  });

  it.each([
    ['--mnemonic', devPhrase],
    ['--seed', aliceSeed],
    ['--private-key', aliceSeed],
    ['--password', 'hunter2-hunter2'],
    ['--json-password', 'hunter2-hunter2'],
  ])('refuses %s in the arguments, says why and quotes nothing', async (flag, secret) => {
    for (const args of [[flag, secret], [`${flag}=${secret}`]]) {
      const refused = await rig.run(['regen-coldkey', '--unencrypted-coldkey', ...args]);
      expect(refused.code).toBe('USAGE');
      expect(refused.text).toContain('every user of the machine');
      expect(refused.text).not.toContain(secret);
    }
    const elsewhere = await rig.run(['list', `${flag}=${secret}`]);
    expect(elsewhere.code).toBe('USAGE');
    expect(elsewhere.text).not.toContain(secret);
  });

  it('takes words from the arguments when told that it is insecure', async () => {
    const args = ['--mnemonic', ...devPhrase.split(' '), '--insecure-arguments', '--json'];
    const made = await rig.run(['regen-coldkey', '--unencrypted-coldkey', ...args]);
    expect(json(made)['coldkey']).toBe(rootAddress);
  });

  it('notes addresses, once', async () => {
    const hex = '0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d';
    expect((await rig.run(['regen-hotkeypub', '--public-key', hex])).code).toBe('ok');
    expect(textOf(`${hotkey()}pub.txt`)).toContain(aliceAddress);
    expect((await rig.run(['regen-hotkeypub', '--ss58', rootAddress])).code).toBe('WALLET_EXISTS');
    const forced = ['regen-hotkeypub', '--ss58', rootAddress];
    const name = 'hotkeys/defaultpub.txt';
    expect((await rig.run([...forced, '--overwrite', name])).code).toBe('ok');
    for (const bad of [
      [],
      ['--ss58', 'x'],
      ['--public-key', '0x11'],
      ['--ss58', 'x', '--public-key', 'y'],
    ]) {
      expect((await rig.run(['regen-coldkeypub', ...bad])).code).toBe('USAGE');
    }
  });
});

function keystore(kind: string): string {
  const encoding = { content: ['pkcs8', kind], type: ['none'], version: '3' };
  return JSON.stringify({ encoded: Buffer.alloc(100).toString('base64'), encoding });
}

describe('subnet wallet sign and verify', () => {
  const signWith = async (...flags: string[]) =>
    json(
      await rig.run(['sign', '--message', 'hällo', '--json', ...flags], { answers: [password] }),
    );

  it('signs with either key what the other command finds valid', async () => {
    const made = json(await rig.run(['create', '--json'], { answers: [password, password] }));
    for (const [key, flags] of [
      ['coldkey', []],
      ['hotkey', ['--use-hotkey']],
    ] as const) {
      const { signer, signature } = await signWith(...flags);
      expect(signer).toBe(made[key]);
      expect(signature).toMatch(/^[0-9a-f]{128}$/);
      const check = ['verify', '--ss58', String(signer), '--signature', `0x${String(signature)}`];
      const good = await rig.run([...check, '--message', 'hällo', '--json']);
      expect([json(good), good.exit]).toEqual([{ ok: true, valid: true }, 0]);
      const bad = await rig.run([...check, '--message', 'hallo', '--json']);
      expect([json(bad), bad.exit]).toEqual([{ ok: true, valid: false }, 1]);
    }
  });

  it('takes what a browser wallet signed', async () => {
    await rig.run(['new-hotkey', '--uri', '//Alice']);
    const wrapped = ['sign', '--use-hotkey', '--message', '<Bytes>hi</Bytes>', '--json'];
    const { signer, signature } = json(await rig.run(wrapped));
    const check = ['verify', '--ss58', String(signer), '--signature', String(signature)];
    expect((await rig.run([...check, '--message', 'hi'])).out).toEqual(['valid']);
  });

  it('signs the bytes of a file or of standard input', async () => {
    await rig.run(['new-hotkey']);
    writeFileSync(rig.file('message'), 'x');
    for (const source of [rig.file('message'), '-']) {
      const signed = await rig.run(['sign', '--use-hotkey', '--message-file', source, '--json'], {
        input: 'x',
      });
      const { signer, signature } = json(signed);
      const check = ['verify', '--ss58', String(signer), '--signature', String(signature)];
      expect((await rig.run([...check, '--message', 'x'])).exit).toBe(0);
    }
  });

  it('signs nothing any more for a person who stops it, whatever the key', async () => {
    await rig.run(['create'], { answers: [password, password] });
    const stop = new AbortController();
    const derivation: KeyDerivation = {
      ...quickDerivation,
      argon2i: (input) => {
        stop.abort();
        return quickDerivation.argon2i(input);
      },
    };
    const sign = ['sign', '--message', 'x', '--json'];
    const { signal } = stop;
    for (const args of [sign, [...sign, '--use-hotkey']]) {
      const stopped = await rig.run(args, { signal, derivation, answers: [password] });
      expect([stopped.code, stopped.out]).toEqual(['CANCELLED', []]);
    }
  });

  it('opens no key for a dry run', async () => {
    await rig.run(['create'], { answers: [password, password] });
    const plan = await rig.run(['sign', '--message', 'x', '--dry-run', '--json']);
    expect(json(plan)).toEqual({
      ok: true,
      dryRun: true,
      kind: 'coldkey',
      file: coldkey(),
      bytes: 1,
    });
  });

  it.each([
    ['sign', '--message', 'x'],
    ['sign', '--message', 'x', '--use-hotkey'],
    ['encrypt'],
    ['decrypt'],
    ['passwd'],
    ['phrase'],
  ])('%s: a dry run of a wallet that is not there fails as the real run does', async (...args) => {
    for (const more of [[], ['--dry-run']]) {
      const run = await rig.run([...args, ...more], { isTty: true });
      expect([run.code, run.out]).toEqual(['WALLET_NOT_FOUND', []]);
    }
  });

  it('a dry run finds what else the real run would', async () => {
    writeFileSync(rig.file('weak'), 'aaaaaaaa', { mode: 0o600 });
    const weak = ['--new-password-file', rig.file('weak')];
    const create = ['create', ...weak];
    const elsewhere = ['create', '--wallet-path', rig.file('weak'), '--unencrypted-coldkey'];
    const watched = ['regen-coldkeypub', '--ss58', aliceAddress, '--wallet-path', rig.file('weak')];
    for (const more of [[], ['--dry-run']]) {
      expect((await rig.run([...create, ...more])).code).toBe('PASSWORD_WEAK');
      expect((await rig.run([...elsewhere, ...more])).code).toBe('WALLET_UNWRITABLE');
      expect((await rig.run([...watched, ...more])).code).toBe('WALLET_UNWRITABLE');
    }
    await rig.run(['create', '--unencrypted-coldkey']);
    const encrypted = { [passwordVariable(coldkey())]: 'as it is typed' };
    for (const more of [[], ['--dry-run']]) {
      expect((await rig.run(['encrypt', ...weak, ...more])).code).toBe('PASSWORD_WEAK');
    }
    await rig.run(['encrypt'], { answers: [password, password] });
    writeFileSync(hotkey(), JSON.stringify({ ss58Address: aliceAddress }));
    const sign = ['sign', '--message', 'x'];
    for (const more of [[], ['--dry-run']]) {
      const raw = await rig.run([...sign, ...more], { env: encrypted });
      expect(raw.code).toBe('PASSWORD_VARIABLE_INVALID');
      const empty = await rig.run([...sign, '--use-hotkey', ...more]);
      expect(empty.code).toBe('KEYFILE_PUBLIC_ONLY');
    }
  });

  it.each([
    ['no message', ['sign']],
    ['two messages', ['sign', '--message', 'a', '--message-file', '-']],
    ['a file that is not there', ['sign', '--message-file', '/nonexistent']],
    [
      'a short signature',
      ['verify', '--message', 'a', '--ss58', aliceAddress, '--signature', '00'],
    ],
    ['an address that is none', ['verify', '--message', 'a', '--ss58', 'x', '--signature', '00']],
  ])('refuses %s', async (_, args) => {
    expect((await rig.run(args)).code).toBe('USAGE');
  });
});

describe('passwords of keys', () => {
  it('encrypts, changes and decrypts in place, and the key stays the same', async () => {
    await rig.run(['new-coldkey', '--uri', '//Alice', '--unencrypted-coldkey']);
    const plain = textOf(coldkey());
    expect((await rig.run(['encrypt'], { answers: [password, password] })).code).toBe('ok');
    expect(textOf(coldkey())).toMatch(/^\$NACL/);
    const other = 'another horse 8';
    const changed = await rig.run(['passwd'], { answers: [password, other, other] });
    expect(changed.code).toBe('ok');
    const old = await rig.run(['decrypt'], { answers: [true, password] });
    expect(old.code).toBe('KEYFILE_PASSWORD');
    expect(old.text).toContain('--overwrite coldkey');
    expect((await rig.run(['decrypt'], { answers: [false] })).code).toBe('CANCELLED');
    expect((await rig.run(['decrypt'], { answers: [true, other] })).code).toBe('ok');
    expect(textOf(coldkey())).toBe(plain);
    expect(modeOf(coldkey())).toBe(0o600);
  });

  it('says when there is nothing to change, and changes nothing in a dry run', async () => {
    await rig.run(['new-hotkey']);
    const before = textOf(hotkey());
    const run = (...args: string[]) => rig.run([...args, '--key', 'hotkey']);
    expect((await run('decrypt')).code).toBe('USAGE');
    expect((await run('passwd')).code).toBe('USAGE');
    expect((await run('encrypt', '--dry-run')).code).toBe('ok');
    expect(textOf(hotkey())).toBe(before);
    const damaged = before.replace('secretPhrase', 'secretPhrasX').replace('secretSeed', 'x');
    writeFileSync(hotkey(), damaged.replace('privateKey', 'y'));
    expect((await run('encrypt')).code).toBe('KEYFILE_PUBLIC_ONLY');
  });

  it('opens with the variables of the Bittensor wallets, and says which one is not encoded', async () => {
    await rig.run(['create'], { answers: [password, password] });
    const sign = ['sign', '--message', 'x'];
    const variable = passwordVariable(coldkey());
    writeFileSync(rig.file('password'), `${password}\n`);
    for (const env of [
      { BT_WALLET_PASSWORD: password },
      { [variable]: encodePassword(variable, password) },
      { BT_WALLET_PASSWORD_FILE: rig.file('password') },
    ]) {
      expect((await rig.run(sign, { env })).code).toBe('ok');
    }
    const raw = await rig.run(sign, { env: { [variable]: password } });
    expect(raw.code).toBe('PASSWORD_VARIABLE_INVALID');
    expect(raw.text).toContain(variable);
    expect(raw.text).not.toContain(password);
    const missing = { BT_WALLET_PASSWORD_FILE: rig.file('nowhere') };
    expect((await rig.run(sign, { env: missing })).code).toBe('PASSWORD_FILE_UNREADABLE');
  });

  it('warns of a password file that others can open, wherever one is named', async () => {
    const file = rig.file('password');
    writeFileSync(file, `${password}\n`);
    const warnings = async (mode: number, ...args: string[]) => {
      chmodSync(file, mode);
      const run = await rig.run(args, { env: { BT_WALLET_PASSWORD_FILE: file } });
      expect(run.code).toBe('ok');
      return run.err.filter((line) => line.includes('warning'));
    };
    const warning = [`warning: ${file}: others can open it (mode 0644): chmod 600 ${file}`];
    const fresh = ['--new-password-file', file];
    expect(await warnings(0o644, 'new-coldkey', ...fresh)).toEqual(warning);
    expect(await warnings(0o644, 'sign', '--message', 'x')).toEqual(warning);
    expect(await warnings(0o644, 'new-coldkey', '--wallet-name', 'b')).toEqual(warning);
    const from = ['--from', coldkey(), '--from-password-file', file, '--unencrypted-coldkey'];
    expect(await warnings(0o644, 'regen-coldkey', ...from, '--wallet-name', 'c')).toEqual(warning);
    expect(await warnings(0o400, 'sign', '--message', 'x')).toEqual([]);
  });

  it('shows a phrase to a person at a terminal only', async () => {
    await rig.run(['regen-coldkey', '--from', '-'], {
      input: devPhrase,
      answers: [password, password],
    });
    const shown = await rig.run(['phrase'], { isTty: true, answers: [true, password] });
    expect(shown.out).toEqual([devPhrase]);
    expect(shown.err).toEqual([expect.stringContaining('512 MiB')]);
    expect((await rig.run(['phrase'], { answers: [true, password] })).code).toBe('USAGE');
    const asJson = await rig.run(['phrase', '--json'], { isTty: true, answers: [true, password] });
    expect(asJson.code).toBe('USAGE');
    expect((await rig.run(['phrase'], { isTty: true, answers: [false] })).code).toBe('CANCELLED');
  });
});

describe('subnet wallet repair, export and show', () => {
  it('closes what is open, after asking, and removes what a crash left', async () => {
    await rig.run(['create', '--unencrypted-coldkey']);
    chmodSync(coldkey(), 0o644);
    chmodSync(rig.file('mine', 'hotkeys'), 0o755);
    chmodSync(rig.file('mine', 'coldkeypub.txt'), 0o666);
    const left = rig.file('mine', '.coldkey.0123456789abcdef.tmp');
    writeFileSync(left, 'secret');
    const plan = await rig.run(['repair', '--dry-run', '--json']);
    expect(json(plan)).toMatchObject({ ok: true, dryRun: true, left: 0 });
    const told = { file: coldkey(), repair: { kind: 'chmod', mode: '0600' }, repaired: false };
    expect(json(plan)['findings']).toContainEqual(expect.objectContaining(told));
    expect([plan.exit, modeOf(coldkey())]).toEqual([0, 0o644]);
    const planned = await rig.run(['repair', '--dry-run']);
    expect(planned.out.at(-1)).toBe('4 would be repaired, 0 left');
    expect(planned.text).toContain('chmod 0700');
    expect((await rig.run(['repair'], { answers: [false] })).code).toBe('CANCELLED');
    const done = await rig.run(['repair', '--all'], { answers: [true] });
    expect([done.exit, done.out.at(-1)]).toEqual([0, '4 repaired, 0 left']);
    expect([modeOf(coldkey()), modeOf(rig.file('mine', 'hotkeys')), existsSync(left)]).toEqual([
      0o600,
      0o700,
      false,
    ]);
    expect((await rig.run(['repair'])).out).toEqual(['nothing to repair']);
    expect((await rig.run(['repair', '--wallet-name', 'no'])).code).toBe('WALLET_NOT_FOUND');
  });

  it('says of each finding whether it was repaired', async () => {
    await rig.run(['create', '--unencrypted-coldkey']);
    chmodSync(hotkey(), 0o644);
    const elsewhere = rig.file('elsewhere');
    writeFileSync(elsewhere, '{}', { mode: 0o666 });
    chmodSync(elsewhere, 0o666);
    symlinkSync(elsewhere, rig.file('mine', 'hotkeys', 'linked'));
    const done = await rig.run(['repair', '--json'], { answers: [true] });
    expect([done.exit, json(done)]).toMatchObject([
      1,
      {
        ok: false,
        left: 1,
        findings: [
          { file: hotkey(), repair: { mode: '0600' }, repaired: true },
          { repair: { kind: 'none' }, repaired: false },
        ],
      },
    ]);
    expect([modeOf(hotkey()), modeOf(elsewhere)]).toEqual([0o600, 0o666]);
  });

  it('looks at the same files in show and list', async () => {
    await rig.run(['create', '--unencrypted-coldkey']);
    chmodSync(coldkey(), 0o644);
    chmodSync(rig.file('mine'), 0o777);
    const fix = `subnet wallet repair --wallet-name mine --wallet-path ${rig.path}`;
    const shown = await rig.run(['show']);
    expect(shown.err).toEqual([
      expect.stringContaining('mine: others can open it (mode 0777)'),
      expect.stringContaining('coldkey: others can open it (mode 0644)'),
      `  fix: ${fix}`,
    ]);
    const listed = await rig.run(['list']);
    expect(listed.err).toEqual([expect.stringContaining('2 of its files'), `  fix: ${fix}`]);
    const { wallets } = json(await rig.run(['list', '--json']));
    const { warnings } = json(await rig.run(['show', '--json']));
    expect(wallets).toMatchObject([{ warnings }]);
    expect(warnings).toMatchObject([{ kind: 'wide-mode' }, { kind: 'wide-mode' }]);
  });

  it('says when something else stands where a wallet belongs', async () => {
    await rig.run(['create', '--unencrypted-coldkey']);
    const listed = await rig.run(['list', '--wallet-path', coldkey()]);
    expect([listed.code, listed.text]).toEqual([
      'USAGE',
      expect.stringContaining('is not a folder'),
    ]);
    const below = await rig.run(['show', '--wallet-path', coldkey()]);
    expect(below.code).toBe('WALLET_NOT_FOUND');
    mkdirSync(rig.file('mine', 'hotkeys', 'folder'));
    const folder = await rig.run(['sign', '--use-hotkey', '--message', 'x', '--hotkey', 'folder']);
    expect([folder.code, folder.text]).toEqual([
      'KEYFILE_INVALID',
      expect.stringContaining('a folder stands where the key file belongs'),
    ]);
  });

  it('lists a wallet whose folder is a link', async () => {
    await rig.run(['create', '--unencrypted-coldkey']);
    symlinkSync(rig.file('mine'), rig.file('linked'));
    const { wallets } = json(await rig.run(['list', '--json']));
    expect(wallets).toMatchObject([{ name: 'linked' }, { name: 'mine' }]);
  });

  it('exports public parts', async () => {
    await rig.run(['create', '--uri', '//Alice', '--unencrypted-coldkey']);
    const exported = json(await rig.run(['export', '--json']));
    expect(exported['hotkey']).toMatchObject({ ss58Address: aliceAddress });
    expect(exported['coldkey']).toEqual(exported['hotkey']);
  });

  it('passes on why a wallet cannot be shown', async () => {
    expect((await rig.run(['show'])).code).toBe('WALLET_NOT_FOUND');
    expect((await rig.run(['list'])).out).toEqual([`no wallets in ${rig.path}`]);
  });

  it('knows the flags of btcli and of the first release', async () => {
    const other = join(rig.path, 'other');
    mkdirSync(other);
    for (const [path, name, key] of [
      ['--path', '--name', '--hotkey'],
      ['--wallet.path', '--wallet.name', '--wallet.hotkey'],
      ['-p', '--wallet_name', '-H'],
    ] as const) {
      const args = [path, other, name, `n${path}`, key, 'h'];
      expect((await rig.run(['new-hotkey', ...args])).code).toBe('ok');
      expect(existsSync(join(other, `n${path}`, 'hotkeys', 'h'))).toBe(true);
    }
  });
});
