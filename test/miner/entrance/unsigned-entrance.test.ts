import { expect, it } from 'vitest';
import type { Ss58 } from '../../../common/brand.ts';
import { btauthEntrance } from '../../../miner/entrance/btauth-entrance.ts';
import type { Entrances } from '../../../miner/entrance/entrance.ts';
import { epistulaEntrance } from '../../../miner/entrance/epistula-entrance.ts';
import { unsignedEntrance } from '../../../miner/entrance/unsigned-entrance.ts';

const policy = { receiver: '5x' as Ss58, notBeforeNs: 0n };
const both: Entrances = [btauthEntrance, epistulaEntrance];

function told(open: Entrances, headers: Readonly<Record<string, string>>): unknown {
  const head = { method: 'POST', path: '/v2/models/digits/infer', headers };
  return unsignedEntrance(open).read(head, policy, 0n);
}

it.each([
  [both, {}, 'not signed: this miner takes btauth/1 and Epistula v2'],
  [[btauthEntrance], { accept: '*/*' }, 'not signed: this miner takes btauth/1'],
  [
    [btauthEntrance],
    { 'epistula-signed-by': '5x' },
    'Epistula v2 is not enabled here: this miner takes btauth/1',
  ],
  [
    [epistulaEntrance],
    { 'x-bittensor-hotkey': '5x' },
    'btauth/1 is not enabled here: this miner takes Epistula v2',
  ],
  [both, { 'x-bittensor-nonce': '1' }, 'x-bittensor-version must be sent exactly once'],
] satisfies [Entrances, object, string][])('what %# is told', (open, headers, reason) => {
  expect(told(open, headers)).toMatchObject({ kind: 'auth-refusal', status: 401, reason });
});

it('says which header of a half signed request is missing, whatever comes first', () => {
  const answer = told(both, { 'epistula-version': '2' }) as { readonly reason: string };
  expect(answer.reason).toMatch(/^epistula-/);
});
