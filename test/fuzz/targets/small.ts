import { matchInferRoute, inferPath } from '../../../common/wire/inference-metadata.ts';
import { ReplayMemory } from '../../../common/wire/replay.ts';
import { addressKey } from '../../../miner/gate/address-key.ts';
import { ascii } from '../grammar.ts';
import { promise } from '../target.ts';
import type { FuzzTarget } from '../target.ts';

export const pathTarget: FuzzTarget = {
  name: 'path',
  make: (random) =>
    ascii(
      random.pick([
        '/v2/models/digits/infer',
        '/v2/models/a%20b/versions/1/infer?x=1',
        '/v2/models/%2e%2e/versions/%ff/infer',
        '/v2//models',
        '/v2/health/ready/',
        '*',
        'http://a/v2',
        '2001:db8::1',
        '::ffff:10.0.0.1',
      ]),
    ),
  run: (input) => {
    const text = Buffer.from(input).toString('latin1');
    const route = matchInferRoute('POST', text);
    if (route.kind === 'model-infer') {
      const again = matchInferRoute('POST', inferPath(route.model, route.version ?? undefined));
      promise(
        again.kind === 'model-infer' && again.model === route.model,
        'a path that was read can be written and read again',
      );
    }
    promise(typeof addressKey(text) === 'string', 'any text has a key');
  },
};

const secondNs = 1_000_000_000n;
const limits = { retentionNs: 15n * secondNs, maxPerHotkey: 8, maxTotal: 20 };

/** Three bytes a step: who, which nonce, how the clock moves. */
export const replayTarget: FuzzTarget = {
  name: 'replay',
  make: (random) => random.bytes(3 * (1 + random.below(60))),
  run: (input) => {
    const replay = new ReplayMemory(limits);
    const taken = new Set<string>();
    let nowNs = 1_000_000n * secondNs;
    for (let at = 0; at + 2 < input.length; at += 3) {
      const [who = 0, which = 0, step = 0] = input.subarray(at, at + 3);
      nowNs += (BigInt(step % 8) - 1n) * secondNs;
      const nonceNs = nowNs - BigInt(which % 10) * secondNs + BigInt(which);
      const key = `${who % 5} ${nonceNs}`;
      const verdict = replay.spend(`${who % 5}`, nonceNs, nowNs);
      if (verdict === 'fresh') {
        promise(!taken.has(key), 'a nonce is fresh once');
        taken.add(key);
      }
      promise(replay.size <= limits.maxTotal, 'the memory is bounded');
    }
  },
};
