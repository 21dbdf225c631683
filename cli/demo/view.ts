import type { DemoState, MinerRow, ValidatorRow } from './state.ts';
import { raoPerTao } from '../../common/rao.ts';

interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  green(text: string): string;
  red(text: string): string;
}

/** ANSI colours, or none. */
export function paint(colour: boolean): Paint {
  const wrap = (code: number) => (text: string) =>
    colour ? `\u001b[${code}m${text}\u001b[0m` : text;
  return { bold: wrap(1), dim: wrap(2), green: wrap(32), red: wrap(31) };
}

const barWidth = 20;

/** The whole picture of the moment, as lines without trailing newlines. */
export function renderState(state: DemoState, colour: boolean): string[] {
  const p = paint(colour);
  const next = state.nextEpochBlock === null ? '-' : String(state.nextEpochBlock);
  const epochs = `paid epochs ${state.paidEpochs}/${state.wantedEpochs}`;
  return [
    `${p.bold(`block ${state.block}`)}  next epoch at ${next}  ${epochs}  ${state.seconds.toFixed(0)} s`,
    '',
    p.dim(minerHeading),
    ...state.miners.map((row) => minerLine(row, state, p)),
    '',
    p.dim(validatorHeading),
    ...state.validators.map(validatorLine),
  ];
}

const minerHeading = `${'miner'.padEnd(10)}${'uid'.padStart(4)}${'score'.padStart(8)}${'weight'.padStart(8)}${'incentive'.padStart(11)}${'paid (alpha)'.padStart(15)}  `;
const validatorHeading = `${'validator'.padEnd(10)}${'uid'.padStart(4)}${'stake'.padStart(9)}${'round'.padStart(7)}${'vtrust'.padStart(8)}${'dividends'.padStart(11)}${'weights since block'.padStart(21)}`;

function minerLine(row: MinerRow, state: DemoState, p: Paint): string {
  const most = state.miners.reduce(
    (max, one) => (one.emissionRao > max ? one.emissionRao : max),
    1n,
  );
  const length = Number((row.emissionRao * BigInt(barWidth)) / most);
  const cells = [
    row.name.padEnd(10),
    String(row.uid ?? '-').padStart(4),
    (row.score === null ? '-' : row.score.toFixed(3)).padStart(8),
    row.weight.toFixed(3).padStart(8),
    row.incentive.toFixed(3).padStart(11),
    alphaText(row.emissionRao).padStart(15),
  ];
  const bar = p.green('█'.repeat(length)) + ' '.repeat(barWidth - length);
  return `${cells.join('')}  ${bar} ${p.dim(row.note)}`.trimEnd();
}

function validatorLine(row: ValidatorRow): string {
  return [
    row.name.padEnd(10),
    String(row.uid ?? '-').padStart(4),
    (Number(row.stakeRao) / Number(raoPerTao)).toFixed(0).padStart(9),
    String(row.round ?? '-').padStart(7),
    row.vtrust.toFixed(3).padStart(8),
    row.dividends.toFixed(3).padStart(11),
    String(row.weightsEffectiveBlock ?? '-').padStart(21),
  ].join('');
}

/** RAO as alpha with four decimals. */
export function alphaText(rao: bigint): string {
  const tenThousandths = rao / 100_000n;
  const whole = tenThousandths / 10_000n;
  return `${whole}.${String(tenThousandths % 10_000n).padStart(4, '0')}`;
}

/** One line for logs and pipes. */
export function plainLine(state: DemoState): string {
  const miners = state.miners.map(
    (row) =>
      `${row.name} score=${row.score?.toFixed(3) ?? '-'} weight=${row.weight.toFixed(3)} ` +
      `incentive=${row.incentive.toFixed(3)} paid=${alphaText(row.emissionRao)}`,
  );
  return `block ${state.block} epochs ${state.paidEpochs}/${state.wantedEpochs} | ${miners.join(' | ')}`;
}
