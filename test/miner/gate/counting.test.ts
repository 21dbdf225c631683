import { memoryUsage } from 'node:process';
import * as fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { addressKey } from '../../../miner/gate/address-key.ts';
import { createBodyRoom } from '../../../miner/gate/body-room.ts';
import type { BodyRoom } from '../../../miner/gate/body-room.ts';
import { createConnections } from '../../../miner/gate/connections.ts';
import { connectionRoom } from '../../../miner/gate/file-limit.ts';
import { createOldestFirst } from '../../../common/oldest-first.ts';
import { createPace } from '../../../miner/gate/pace.ts';
import { createProvenCallers } from '../../../miner/gate/proven-callers.ts';
import { createRateLimiter } from '../../../miner/gate/rate-limit.ts';
import { requestCost } from '../../../miner/gate/request-cost.ts';
import { collectGarbage } from '../../fakes/collect-garbage.ts';

describe('the name under which an address is counted', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
    ['0:0:0:0:0:ffff:c000:207', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:db8:1:3::1', '2001:db8:1:3::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['', ''],
    ['junk', 'junk'],
  ])('%s is %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });
});

describe('what a request costs', () => {
  const floats = (count: number) => ({
    name: 'x',
    datatype: 'FP32' as const,
    shape: [count],
    data: new Float32Array(count),
  });
  const texts = (...lengths: number[]) => ({
    name: 't',
    datatype: 'BYTES' as const,
    shape: [lengths.length],
    data: lengths.map((length) => new Uint8Array(length)),
  });

  it('is one for little, and one for each unit of elements for more', () => {
    expect(requestCost([floats(1)], 100)).toBe(1);
    expect(requestCost([], 100)).toBe(1);
    expect(requestCost([floats(250), floats(50)], 100)).toBe(3);
  });

  it('counts four bytes of a text as an element, and an empty text as one', () => {
    expect(requestCost([texts(400, 1, 0)], 10)).toBe((100 + 1 + 1) / 10);
  });

  it('counts a picture by its pixels where they are more than its bytes, up to a bound', async () => {
    const files = (...data: Uint8Array[]) => ({ ...texts(), shape: [data.length], data });
    const background = { r: 1, g: 2, b: 3 };
    const create = { width: 1600, height: 1000, channels: 3 as const, background };
    const flat = await sharp({ create }).png().toBuffer();
    expect(flat.length).toBeLessThan(100_000);
    expect(requestCost([files(flat, flat)], 1000)).toBe((2 * (500_000 + 1600 * 1000)) / 16 / 1000);
    const liar = Uint8Array.from(flat).fill(255, 16, 24);
    expect(requestCost([files(liar)], 1000)).toBe(Math.ceil((500_000 + 16_777_216) / 16) / 1000);
    const many = Array.from({ length: 50 }, () => liar);
    expect(requestCost([files(...many)], 1000, 2000)).toBeLessThan(4000);
  });
});

describe('a bucket of tokens with costs', () => {
  it('says truly how long to wait: a millisecond less is not enough, so long is', () => {
    const asks = fc.array(
      fc.record({ gapMs: fc.nat(3000), cost: fc.double({ min: 1, max: 50, noNaN: true }) }),
      { minLength: 1, maxLength: 50 },
    );
    const rate = fc.double({ min: 0.1, max: 500, noNaN: true });
    fc.assert(
      fc.property(asks, rate, fc.integer({ min: 1, max: 40 }), (all, ratePerSecond, burst) => {
        const limiter = createRateLimiter({ ratePerSecond, burst, maxKeys: 10 });
        let nowMs = 0;
        for (const { gapMs, cost } of all) {
          nowMs += gapMs;
          const waitMs = limiter.take('a', nowMs, cost);
          if (waitMs === 0) continue;
          if (waitMs > 1) expect(limiter.peek('a', nowMs + waitMs - 2, cost)).toBeGreaterThan(0);
          nowMs += waitMs;
          expect(limiter.take('a', nowMs, cost)).toBe(0);
        }
      }),
    );
  });

  it('what was done already is owed: many at once are paid for afterwards, up to a bound', () => {
    const limiter = createRateLimiter({ ratePerSecond: 10, burst: 5, maxKeys: 10 });
    for (let at = 0; at < 25; at += 1) limiter.charge('a', 0);
    expect(limiter.peek('a', 0)).toBe(2100);
    for (let at = 0; at < 1000; at += 1) limiter.charge('a', 0);
    expect(limiter.peek('a', 0)).toBe(5100);
    expect(limiter.peek('a', 5100)).toBe(0);
  });

  it('what costs more than the bucket holds waits for a full one, and is paid back', () => {
    const limiter = createRateLimiter({ ratePerSecond: 1, burst: 10, maxKeys: 10 });
    expect(limiter.take('a', 0, 30)).toBe(0);
    expect(limiter.peek('a', 0, 1)).toBe(21_000);
    expect(limiter.peek('a', 0, 30)).toBe(30_000);
    expect(limiter.take('a', 30_000, 30)).toBe(0);
  });
});

describe('room for bodies', () => {
  const bounds = { maxBytes: 100, maxBytesPerAddress: 60, maxUnprovenBytes: 80 };
  const spaceIn = (room: BodyRoom, address: string, isProven = false) => {
    const space = room.open(address, isProven);
    const seen = { stopped: 0 };
    space.onGiveWay(() => (seen.stopped += 1));
    return { ...space, seen };
  };

  it('has a bound for all and one for each address, and takes back everything', () => {
    const room = createBodyRoom({ ...bounds, maxUnprovenBytes: 100 });
    const [one, two, other] = ['a', 'a', 'b'].map((address) => room.open(address, true));
    expect([one?.take(50), two?.take(20), two?.take(10)]).toEqual([true, false, true]);
    expect([other?.take(41), other?.take(40), room.held]).toEqual([false, true, 100]);
    for (const space of [one, one, two, other]) space?.close();
    expect([room.held, room.addresses]).toEqual([0, 0]);
  });

  it('the oldest of those that proved nothing gives way, and is counted no more', () => {
    const room = createBodyRoom(bounds);
    const [old, whole, young] = ['a', 'b', 'c'].map((address) => spaceIn(room, address));
    expect([old?.take(40), whole?.take(20), young?.take(20)]).toEqual([true, true, true]);
    whole?.keep();
    expect(spaceIn(room, 'd').take(40)).toBe(true);
    expect([old, whole, young].map((one) => one?.seen.stopped)).toEqual([1, 0, 0]);
    expect([old?.take(1), room.held]).toEqual([false, 80]);
    old?.close();
    expect(room.held).toBe(80);
  });

  it('whoever asks for room and is the oldest gives way itself', () => {
    const room = createBodyRoom(bounds);
    const [old, young] = ['a', 'b'].map((address) => spaceIn(room, address));
    expect([old?.take(50), young?.take(30), old?.take(1)]).toEqual([true, true, false]);
    expect([old?.seen.stopped, young?.seen.stopped, room.held]).toEqual([1, 0, 30]);
  });

  it('a part is kept for those that were let in lately, and they give way to none', () => {
    const room = createBodyRoom(bounds);
    const [one, two] = [spaceIn(room, 'a'), spaceIn(room, 'b')];
    expect([one.take(50), two.take(30)]).toEqual([true, true]);
    const proven = spaceIn(room, 'c', true);
    expect([proven.take(20), one.seen.stopped]).toEqual([true, 0]);
    expect([proven.take(40), one.seen.stopped, two.seen.stopped]).toEqual([true, 1, 0]);
    expect([spaceIn(room, 'd', true).take(60), two.seen.stopped]).toEqual([false, 1]);
    expect([proven.seen.stopped, room.held]).toEqual([0, 60]);
  });

  it('counts the same however bodies come, are whole, give way and end', () => {
    const steps = fc.array(
      fc.record({
        what: fc.constantFrom('take', 'take', 'take', 'keep', 'close'),
        at: fc.nat(5),
        bytes: fc.integer({ min: 1, max: 40 }),
      }),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const room = createBodyRoom(bounds);
        const open = (at: number) => {
          const space = room.open(`${at % 3}`, at === 5);
          const own = { space, bytes: 0 };
          space.onGiveWay(() => (own.bytes = 0));
          return own;
        };
        const spaces = [0, 1, 2, 3, 4, 5].map(open);
        for (const { what, at, bytes } of all) {
          const own = spaces[at] ?? open(at);
          if (what === 'take' && own.space.take(bytes)) own.bytes += bytes;
          if (what === 'keep') own.space.keep();
          if (what === 'close') {
            own.space.close();
            spaces[at] = open(at);
          }
          const sum = spaces.reduce((total, one) => total + one.bytes, 0);
          expect(room.held).toBe(sum);
          expect(sum).toBeLessThanOrEqual(bounds.maxBytes);
        }
        for (const { space } of spaces) space.close();
        expect([room.held, room.addresses]).toEqual([0, 0]);
      }),
    );
  });
});

describe('callers that were let in lately', () => {
  const options = { maxHotkeys: 2, maxAddresses: 2, rememberedMs: 1000 };

  it('are known by hotkey and address together, for a while', () => {
    const proven = createProvenCallers(options);
    proven.note('a', '1', 0);
    expect([proven.has('a', '1', 1000), proven.has('a', '1', 1001)]).toEqual([true, false]);
    expect([proven.has('a', '2', 0), proven.has('b', '1', 0)]).toEqual([false, false]);
  });

  it('push out their own longest unseen address, and the oldest hotkey', () => {
    const proven = createProvenCallers(options);
    ['1', '2', '1', '3'].forEach((address, at) => proven.note('a', address, at));
    expect(['1', '2', '3'].map((address) => proven.has('a', address, 4))).toEqual([
      true,
      false,
      true,
    ]);
    proven.note('b', '1', 5);
    proven.note('c', '1', 6);
    expect(['a', 'b', 'c'].map((hotkey) => proven.has(hotkey, '1', 6))).toEqual([
      false,
      true,
      true,
    ]);
    expect(proven.size).toBe(2);
  });
});

describe('connections', () => {
  const limits = { maxConnections: 3, maxPerAddress: 2, maxPipelined: 2 };

  it('the longest idle gives way, those that never carried an admitted request first', () => {
    const evicted: string[] = [];
    const connections = createConnections<string>(limits, (one) => evicted.push(one));
    for (const one of ['proven', 'idle', 'busy']) connections.open(one, one);
    connections.begin('proven');
    connections.prove('proven');
    connections.end('proven');
    connections.begin('busy');
    connections.prove('busy');
    expect(connections.open('x', 'x')).toBeNull();
    expect(connections.open('y', 'y')).toBeNull();
    expect(connections.begin('y')).toBe(true);
    connections.prove('y');
    expect(connections.open('z', 'z')).toBeNull();
    expect(evicted).toEqual(['idle', 'x', 'proven']);
    connections.begin('z');
    connections.prove('z');
    expect(connections.open('late', 'late')).toBe('full');
    connections.closed('busy');
    expect(connections.open('late', 'late')).toBeNull();
  });

  it('a request that proved nothing yet keeps its place no longer than others need it', () => {
    const evicted: [string, boolean][] = [];
    const connections = createConnections<string>(limits, (one, isAsking) =>
      evicted.push([one, isAsking]),
    );
    for (const one of ['slow', 'slower', 'proven']) {
      connections.open(one, one);
      connections.begin(one);
    }
    connections.prove('proven');
    connections.end('proven');
    connections.begin('slow');
    for (const one of ['x', 'y']) {
      expect(connections.open(one, one)).toBeNull();
      connections.begin(one);
      connections.prove(one);
    }
    expect(evicted).toEqual([
      ['slow', true],
      ['slower', true],
    ]);
    // What was closed is answered later all the same: that counts for nobody.
    connections.prove('slow');
    connections.end('slow');
    expect([connections.size, connections.open('z', 'z')]).toEqual([3, null]);
    expect(evicted.at(-1)).toEqual(['proven', false]);
  });

  it('refuses more of one address than it may have, and more requests at once of one', () => {
    const connections = createConnections<number>(limits, () => undefined);
    expect([1, 2, 3].map((one) => connections.open(one, 'a'))).toEqual([null, null, 'address']);
    expect([1, 1, 1].map((one) => connections.begin(one))).toEqual([true, true, false]);
    connections.closed(2);
    expect(connections.open(3, 'a')).toBeNull();
    connections.end(2);
    expect(connections.size).toBe(2);
  });

  it('stay below the limit on open files, those too that are open for a moment', () => {
    const roomOf = (maxFiles: number | null, byTls = false) => {
      const { maxConnections, atOnce, handshakes } = connectionRoom(4096, byTls, maxFiles);
      return [maxConnections, atOnce, handshakes];
    };
    expect(roomOf(20_000)).toEqual([4096, 128, 0]);
    expect(roomOf(1024)).toEqual([768, 128, 0]);
    expect(roomOf(null)).toEqual([4096, 128, 0]);
    expect(roomOf(20_000, true)).toEqual([4096, 128, 512]);
    expect(roomOf(1024, true)).toEqual([655, 128, 113]);
    expect(roomOf(256, true)).toEqual([78, 33, 17]);
    expect(roomOf(64, true)).toEqual([1, 1, 1]);
    expect(roomOf(null, true)).toEqual([4096, 128, 512]);
  });
});

describe('the pace of answers', () => {
  it('foretells the wait from the last answers, and does not count idle times', () => {
    const pace = createPace();
    expect(pace.waitMs(10)).toBe(0);
    for (let at = 0; at < 200; at += 1) pace.done(at * 50, 3);
    expect(pace.waitMs(10)).toBeGreaterThan(490);
    expect(pace.waitMs(10)).toBeLessThanOrEqual(501);
    pace.done(200 * 50, 0);
    pace.done(1_000_000, 1);
    expect(pace.waitMs(10)).toBeLessThanOrEqual(501);
    expect(pace.waitMs(1_000_000)).toBe(60_000);
  });
});

describe('the oldest first', () => {
  it('takes as a queue does, whatever is added, taken out and moved to the end in between', () => {
    const moves = fc.array(
      fc.record({ what: fc.constantFrom('add', 'delete', 'take'), key: fc.nat(8) }),
      {
        maxLength: 300,
      },
    );
    fc.assert(
      fc.property(moves, (all) => {
        const oldest = createOldestFirst<number, string>();
        let queue: number[] = [];
        for (const { what, key } of all) {
          if (what === 'take') {
            expect(oldest.takeOldest()).toBe(queue.shift());
            continue;
          }
          expect(oldest.delete(key)).toBe(queue.includes(key));
          queue = queue.filter((one) => one !== key);
          if (what === 'delete') continue;
          oldest.set(key, 'first');
          oldest.set(key, `value of ${key}`);
          expect([oldest.has(key), oldest.get(key)]).toEqual([true, `value of ${key}`]);
          queue.push(key);
          expect(oldest.size).toBe(queue.length);
        }
        const left = queue.map(() => oldest.takeOldest());
        expect([left, oldest.size, oldest.takeOldest()]).toEqual([queue, 0, undefined]);
      }),
    );
  });

  it('keeps nothing of what came and went', async () => {
    const oldest = createOldestFirst<number, string>();
    oldest.set(-1, 'taken');
    oldest.takeOldest();
    await collectGarbage();
    const before = memoryUsage().heapUsed;
    for (let key = 0; key < 100_000; key += 1) {
      oldest.set(key, 'gone');
      oldest.delete(key);
    }
    await collectGarbage();
    expect(memoryUsage().heapUsed - before).toBeLessThan(5_000_000);
  });
});
