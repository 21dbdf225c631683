import type { Neuron, Snapshot } from '../../common/chain-port.ts';
import { amountText, shortDecimal, tao } from '../../common/operator/amount.ts';
import { renderTable, share, shortKey, wrapText } from './table.ts';
import type { Column } from './table.ts';

/** Blocks since a neuron's weights were set or committed. */
export function updatedText(neuron: Neuron, block: number): string {
  return neuron.lastUpdate === 0 ? 'never' : String(block - neuron.lastUpdate);
}

export function axonText({ axon }: Neuron): string {
  if (axon === null) return '-';
  return axon.ipType === 6 ? `[${axon.ip}]:${axon.port}` : `${axon.ip}:${axon.port}`;
}

function columnsAt(block: number): readonly Column<Neuron>[] {
  return [
    { title: 'uid', align: 'right', text: ({ uid }) => String(uid) },
    { title: 'hotkey', text: ({ hotkey }) => shortKey(hotkey) },
    { title: 'stake', align: 'right', text: ({ totalStakeRao }) => shortDecimal(totalStakeRao, 2) },
    { title: 'vtrust', align: 'right', rank: 1, text: (one) => share(one.validatorTrust) },
    { title: 'incentive', align: 'right', rank: 1, text: (one) => share(one.incentive) },
    {
      title: 'emission',
      align: 'right',
      rank: 1,
      text: ({ emissionRao }) => shortDecimal(emissionRao),
    },
    { title: 'updated', align: 'right', rank: 2, text: (one) => updatedText(one, block) },
    { title: 'axon', rank: 3, text: axonText },
    { title: 'dividends', align: 'right', rank: 4, text: (one) => share(one.dividends) },
    { title: 'permit', rank: 5, text: ({ validatorPermit }) => (validatorPermit ? 'yes' : 'no') },
    { title: 'active', rank: 6, text: ({ active }) => (active ? 'yes' : 'no') },
    { title: 'consensus', align: 'right', rank: 7, text: (one) => share(one.consensus) },
    { title: 'trust', align: 'right', rank: 8, text: (one) => share(one.trust) },
    { title: 'rank', align: 'right', rank: 9, text: (one) => share(one.rank) },
    { title: 'coldkey', rank: 10, text: ({ coldkey }) => shortKey(coldkey) },
  ];
}

/** Of removed per-neuron figures a column is shown only where the runtime keeps them. */
export function metagraphLines(snapshot: Snapshot, width: number): readonly string[] {
  const { neurons, block, netuid, hyperparams } = snapshot;
  const columns = columnsAt(block.number).filter(
    ({ title }) =>
      (title !== 'trust' && title !== 'rank') ||
      neurons.some((one) => (title === 'trust' ? one.trust : one.rank) !== undefined),
  );
  const head = `netuid ${netuid} at block ${block.number}: ${neurons.length} of ${hyperparams.maxUids} neurons, registering burns ${amountText(tao(hyperparams.burnRao))}`;
  const units = `stake in ${netuid === 0 ? 'TAO' : 'alpha'} (root stake weighed in), emission in alpha of the last epoch, updated in blocks ago`;
  if (neurons.length === 0) return [head];
  return [head, ...renderTable(columns, neurons, width).split('\n'), ...wrapText(units, width)];
}
