import { SubnetError } from '../../common/errors.ts';
import { amountText, shortDecimal, stakeOn, tao } from '../../common/operator/amount.ts';
import { readNetuids, readSubnets, requireSubnet } from '../../common/operator/subnet-list.ts';
import type { SubnetRow } from '../../common/operator/subnet-list.ts';
import type { Snapshot } from '../../common/chain-port.ts';
import type { NetworkFlags, OutputFlags } from '../flags.ts';
import type { CliIo } from '../io.ts';
import { requireNetuid } from './command-parts.ts';
import type { SubnetFlags } from './command-parts.ts';
import { factLines, factsJson } from './facts.ts';
import type { Facts } from './facts.ts';
import { snapshotJson } from './metagraph-json.ts';
import { metagraphLines } from './metagraph-view.ts';
import { answer } from './session.ts';
import type { OperatorDeps } from './session.ts';
import { countText, renderTable, shortKey } from './table.ts';
import type { Column } from './table.ts';

export type ReadFlags = NetworkFlags & OutputFlags & SubnetFlags;

function rao(value: bigint | null, decimals = 4): string {
  return value === null ? '-' : shortDecimal(value, decimals);
}

const listColumns: readonly Column<SubnetRow>[] = [
  { title: 'netuid', align: 'right', text: ({ netuid }) => String(netuid) },
  { title: 'name', text: ({ name, symbol }) => `${name === '' ? '-' : name} ${symbol}`.trim() },
  { title: 'price TAO', align: 'right', text: ({ priceRao }) => rao(priceRao) },
  { title: 'TAO/block', align: 'right', rank: 1, text: (row) => rao(row.taoEmissionRao) },
  { title: 'neurons', align: 'right', text: (row) => `${row.neurons}/${row.maxNeurons}` },
  { title: 'burn TAO', align: 'right', rank: 1, text: ({ burnRao }) => rao(burnRao) },
  { title: 'tempo', align: 'right', rank: 2, text: ({ tempo }) => String(tempo) },
  { title: 'state', rank: 3, text: stateText },
  { title: 'owner', rank: 4, text: ({ owner }) => (owner === null ? '-' : shortKey(owner)) },
];

function stateText({ started, registrationAllowed }: SubnetRow): string {
  if (started === false) return 'not started';
  return registrationAllowed ? 'open' : 'closed';
}

/** `subnet subnets list`. */
export function listSubnets(io: CliIo, deps: OperatorDeps, flags: ReadFlags): Promise<void> {
  return answer(io, deps, flags, async (view) => {
    const rows = await readSubnets(view, await readNetuids(view));
    const head = `${countText(rows.length, 'subnet')} at block ${view.block.number}`;
    return {
      json: { subnets: rows.map((row) => factsJson(rowFacts(row))) },
      lines: [head, ...renderTable(listColumns, rows, io.columns).split('\n')],
    };
  });
}

/** `subnet subnets show`: one subnet in a page. */
export function showSubnet(io: CliIo, deps: OperatorDeps, flags: ReadFlags): Promise<void> {
  return answer(io, deps, flags, async (view, chain) => {
    const netuid = requireNetuid(flags);
    await requireSubnet(view, netuid);
    const [[row], snapshot] = await Promise.all([
      readSubnets(view, [netuid]),
      chain.snapshot(netuid),
    ]);
    if (row === undefined) throw new SubnetError('CHAIN_NO_SUBNET', { netuid });
    const facts = factsOf(row, snapshot);
    return {
      json: factsJson(facts),
      lines: [`netuid ${netuid} ${row.name} ${row.symbol}`.trim(), ...factLines(facts)],
    };
  });
}

/** What the list and the page of one subnet tell alike. */
function rowFacts(row: SubnetRow): Facts {
  const amount = (value: bigint | null, netuid = 0) =>
    value === null ? null : stakeOn(netuid, value);
  return {
    netuid: row.netuid,
    name: row.name,
    symbol: row.symbol,
    ownerColdkey: row.owner,
    registeredAtBlock: row.registeredAtBlock,
    started: row.started,
    pricePerAlpha: tao(row.priceRao),
    poolTao: amount(row.poolTaoRao),
    poolAlpha: amount(row.poolAlphaRao, row.netuid),
    alphaOut: amount(row.alphaOutRao, row.netuid),
    taoEmissionPerBlock: amount(row.taoEmissionRao),
    alphaEmissionPerBlock: amount(row.alphaEmissionRao, row.netuid),
    neurons: row.neurons,
    maxNeurons: row.maxNeurons,
    registrationAllowed: row.registrationAllowed,
    burn: tao(row.burnRao),
    tempoBlocks: row.tempo,
  };
}

function factsOf(row: SubnetRow, snapshot: Snapshot): Facts {
  const { block, nextEpochBlock, lastEpochBlock, hyperparams, ownerHotkey, mechanisms } = snapshot;
  return {
    ...rowFacts(row),
    block: block.number,
    ownerHotkey,
    maxValidators: hyperparams.maxValidators,
    lastEpochBlock,
    nextEpochBlock,
    epochs: snapshot.epoch.model,
    mechanisms: mechanisms.length,
    commitReveal: hyperparams.commitRevealEnabled,
    commitRevealPeriodEpochs: hyperparams.commitRevealPeriod,
    weightsRateLimitBlocks: hyperparams.weightsRateLimit,
    immunityPeriodBlocks: hyperparams.immunityPeriod,
    stakeThreshold: tao(snapshot.stakeThresholdRao),
  };
}

/** `subnet subnets metagraph`. */
export function showMetagraph(io: CliIo, deps: OperatorDeps, flags: ReadFlags): Promise<void> {
  return answer(io, deps, flags, async (_, chain) => {
    const snapshot = await chain.snapshot(requireNetuid(flags));
    return {
      json: snapshotJson(snapshot),
      lines: metagraphLines(snapshot, io.columns),
    };
  });
}

/** `subnet subnets burn-cost`: what registering costs now. */
export function burnCost(io: CliIo, deps: OperatorDeps, flags: ReadFlags): Promise<void> {
  return answer(io, deps, flags, async (view) => {
    const netuid = requireNetuid(flags);
    await requireSubnet(view, netuid);
    const [row] = await readSubnets(view, [netuid]);
    const burn = tao(row?.burnRao ?? 0n);
    return {
      json: factsJson({ netuid, burn }),
      lines: [`registering on netuid ${netuid} burns ${amountText(burn)}`],
    };
  });
}
