import {
  asFixed,
  asInteger,
  asList,
  asNumber,
  asText,
  asU16,
  CaseProblem,
  Fields,
  isObject,
  type Place,
} from './yuma-read.ts';
import { expectAny, expectNear, type Compute } from './yuma-expect.ts';

const u64Max = (1n << 64n) - 1n;
const mostBlocks = 1_000_000n;
const mostEvents = 1000;

/** What happens to a price: blocks pass, or neurons register. */
interface PriceEvent {
  readonly kind: 'blocks' | 'registrations';
  readonly count: bigint;
}

/** The parameters of a price that a row states. */
interface Price {
  readonly halfLife: number | undefined;
  /** 64 fraction bits. */
  readonly multiplier: bigint | undefined;
  readonly minBurn: bigint;
  readonly maxBurn: bigint;
}

/**
 * A row about the registration price. It may list its events; otherwise it has some blocks, some
 * registrations, or both, and then does not say which came first: either order may be right.
 */
export async function checkBurn(row: Fields, compute: Compute): Promise<void> {
  const price = priceOf(row);
  const start = row.optional('burn', 'start', 'initial_burn', 'start_burn', 'price_before');
  const events = row.optional('events', 'sequence', 'steps', 'ops');
  const factor = price.halfLife === undefined ? undefined : await decayFactor(price, compute);
  if (start !== undefined && events !== undefined) {
    await checkEvents(row, price, asInteger(start), eventsOf(events), compute);
  } else {
    const before = start === undefined ? undefined : asInteger(start);
    await checkResults(row, price, before, factor, compute);
  }
}

function priceOf(row: Fields): Price {
  const halfLife = row.optional('half_life', 'burn_half_life');
  const multiplier = row.optional('mult', 'multiplier', 'burn_increase_mult', 'increase_mult');
  const least = row.optional('min_burn', 'min');
  const most = row.optional('max_burn', 'max');
  return {
    halfLife: halfLife === undefined ? undefined : asU16(halfLife),
    multiplier: multiplier === undefined ? undefined : asFixed(multiplier, 2 ** 64, 2 ** 64),
    minBurn: least === undefined ? 0n : asInteger(least),
    maxBurn: most === undefined ? u64Max : asInteger(most),
  };
}

async function decayFactor({ halfLife = 0 }: Price, compute: Compute): Promise<bigint | undefined> {
  const [factor] = await compute({ kind: 'DecayFactor', value: halfLife });
  return factor;
}

async function checkResults(
  row: Fields,
  price: Price,
  start: bigint | undefined,
  factor: bigint | undefined,
  compute: Compute,
): Promise<void> {
  const blocks = eventOf(row, 'blocks', ['blocks', 'blocks_passed', 'elapsed_blocks']);
  const joins = eventOf(row, 'registrations', ['registrations', 'count']);
  const decayed = await after(start, [blocks], price, compute);
  const raised = await after(start, [joins], price, compute);
  const decayedThenRaised = await after(decayed, [joins], price, compute);
  const raisedThenDecayed = await after(raised, [blocks], price, compute);
  const final = decayedThenRaised === undefined ? [raised ?? decayed ?? factor] : [];
  expectAny(row, [
    [['factor_q32', 'decay_factor_q32', 'expected_factor_q32', 'expected_factor'], factor],
    [
      ['after_blocks', 'after_block', 'after_decay', 'expected_after_decay', 'next_block'],
      decayed,
      raisedThenDecayed,
    ],
    [
      ['after_registration', 'after_registrations', 'expected_after_registration'],
      raised,
      decayedThenRaised,
    ],
    [
      ['expected', 'expected_burn', 'burn_after', 'after', 'price'],
      ...final,
      decayedThenRaised,
      raisedThenDecayed,
    ],
  ]);
}

function eventOf(row: Fields, kind: PriceEvent['kind'], names: readonly string[]): PriceEvent {
  const place = row.optional(...names);
  const most = kind === 'blocks' ? mostBlocks : 255n;
  return { kind, count: place === undefined ? 1n : asInteger(place, most) };
}

/** The price after the events; `undefined` when the row does not state what they depend on. */
async function after(
  start: bigint | undefined,
  events: readonly PriceEvent[],
  price: Price,
  compute: Compute,
): Promise<bigint | undefined> {
  let current = start;
  for (const event of events) {
    if (current === undefined) return undefined;
    current = await afterOne(current, event, price, compute);
  }
  return current;
}

async function afterOne(
  start: bigint,
  { kind, count }: PriceEvent,
  { halfLife, multiplier, minBurn, maxBurn }: Price,
  compute: Compute,
): Promise<bigint | undefined> {
  const burn = { burn: start, minBurn, maxBurn };
  if (kind === 'blocks' && halfLife !== undefined) {
    const value = { burn, halfLife, blocks: count };
    return (await compute({ kind: 'BurnAfterBlocks', value }))[0];
  }
  if (kind === 'registrations' && multiplier !== undefined) {
    const value = { burn, multiplier, count: Number(count) };
    return (await compute({ kind: 'BurnAfterRegistrations', value }))[0];
  }
  return undefined;
}

const eventNames: Readonly<Record<string, PriceEvent['kind']>> = {
  block: 'blocks',
  blocks: 'blocks',
  advance: 'blocks',
  decay: 'blocks',
  register: 'registrations',
  registration: 'registrations',
  registrations: 'registrations',
};

/** Names of events, or objects with `op` and a count. */
function eventsOf(place: Place): readonly PriceEvent[] {
  const places = asList(place);
  if (places.length > mostEvents) throw new CaseProblem(`${place.path}: too many events`);
  return places.map((item) => (isObject(item.json) ? describedEvent(item) : namedEvent(item)));
}

function describedEvent(place: Place): PriceEvent {
  const fields = new Fields(place);
  const { kind } = namedEvent(fields.required('op', 'event', 'kind'));
  const event = eventOf(fields, kind, ['blocks', 'count', 'registrations']);
  fields.done();
  return event;
}

function namedEvent(place: Place): PriceEvent {
  const name = asText(place);
  const kind = Object.hasOwn(eventNames, name) ? eventNames[name] : undefined;
  if (kind === undefined) throw new CaseProblem(`${place.path}: unknown event ${name}`);
  return { kind, count: 1n };
}

/** Either the price after every event or the price at the end. */
async function checkEvents(
  row: Fields,
  price: Price,
  start: bigint,
  events: readonly PriceEvent[],
  compute: Compute,
): Promise<void> {
  const expected = row.required('expected', 'expected_burn', 'prices');
  const granted = row.optional('tolerance');
  const tolerance = granted === undefined ? 0n : BigInt(Math.floor(asNumber(granted)));
  const prices: (bigint | undefined)[] = [];
  let current: bigint | undefined = start;
  for (const event of events) {
    current = await after(current, [event], price, compute);
    prices.push(current);
  }
  const wanted = Array.isArray(expected.json) ? asList(expected) : [expected];
  const compared = Array.isArray(expected.json) ? prices : [current];
  if (wanted.length !== compared.length) {
    throw new CaseProblem(
      `${expected.path}: expected a price for each of ${compared.length} events`,
    );
  }
  for (const [index, place] of wanted.entries()) expectNear(place, [compared[index]], tolerance);
}
