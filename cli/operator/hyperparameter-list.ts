import { SubnetError } from '../../common/errors.ts';
import { requireSubnet } from '../../common/operator/subnet-list.ts';
import { closestName } from '../../common/config/closest-name.ts';
import { showValue } from '../../common/owner/hyperparameter-value.ts';
import type { RawValue } from '../../common/owner/hyperparameter-value.ts';
import { findHyperparameter, hyperparameters } from '../../common/owner/hyperparameters.ts';
import type { Hyperparameter } from '../../common/owner/hyperparameters.ts';
import { readHyperparameter } from '../../common/owner/set-hyperparameter.ts';
import type { StateView } from '../../common/state-view.ts';
import type { NetworkFlags, OutputFlags } from '../flags.ts';
import type { CliIo } from '../io.ts';
import { requireNetuid } from './command-parts.ts';
import type { SubnetFlags } from './command-parts.ts';
import { hyperparameterJson } from './hyperparameter-fact.ts';
import { answer } from './session.ts';
import type { OperatorDeps } from './session.ts';
import { renderTable } from './table.ts';
import type { Column } from './table.ts';

export interface HyperparameterFlags extends NetworkFlags, OutputFlags, SubnetFlags {
  /** btcli's name or the YAML key; all when absent. */
  readonly param?: string;
}

interface Row {
  readonly parameter: Hyperparameter;
  readonly value: RawValue;
}

/** `subnet subnets hyperparameters` and `subnet sudo get`. */
export function showHyperparameters(
  io: CliIo,
  deps: OperatorDeps,
  flags: HyperparameterFlags,
): Promise<void> {
  return answer(io, deps, flags, async (view) => {
    const netuid = requireNetuid(flags);
    const wanted = flags.param === undefined ? hyperparameters : [namedParameter(flags.param)];
    await requireSubnet(view, netuid);
    const rows = await readRows(view, netuid, wanted);
    if (rows.length === 0) {
      throw new SubnetError('CHAIN_UNSUPPORTED', { missing: wanted[0]?.name ?? 'hyperparameters' });
    }
    return {
      json: { netuid, hyperparameters: jsonOf(rows) },
      lines: [
        `hyperparameters of netuid ${netuid} at block ${view.block.number}`,
        ...renderTable(columns, rows, io.columns).split('\n'),
      ],
    };
  });
}

/** Throws HYPERPARAMETER_UNKNOWN, with the name that may have been meant. */
export function namedParameter(name: string): Hyperparameter {
  const found = findHyperparameter(name);
  if (found !== null) return found;
  const close = closestName(
    name,
    hyperparameters.map((one) => one.name),
  );
  const hint = close === null ? '' : `; did you mean ${close}?`;
  throw new SubnetError('HYPERPARAMETER_UNKNOWN', { detail: `${name}${hint}` });
}

async function readRows(
  view: StateView,
  netuid: number,
  wanted: readonly Hyperparameter[],
): Promise<readonly Row[]> {
  const rows = await Promise.all(
    wanted.map(async (parameter) => {
      const value = await readHyperparameter(view, netuid, parameter);
      return value === null ? [] : [{ parameter, value }];
    }),
  );
  return rows.flat();
}

const columns: readonly Column<Row>[] = [
  { title: 'name', text: ({ parameter }) => parameter.name },
  {
    title: 'value',
    align: 'right',
    text: ({ parameter, value }) => showValue(parameter, value),
  },
  { title: 'set by', text: ({ parameter }) => whoSets(parameter) },
  { title: 'meaning', rank: 1, text: ({ parameter }) => parameter.summary },
];

/** An owner's own call stands beside the setter that became root's. */
function whoSets({ who, ownerCall }: Hyperparameter): string {
  return ownerCall === undefined ? who : 'owner';
}

function jsonOf(rows: readonly Row[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    rows.map(({ parameter, value }) => [parameter.name, rowJson(parameter, value)]),
  );
}

/** `text` is for people; `value` is an amount with its unit, or what `sudo set --value` takes. */
function rowJson(parameter: Hyperparameter, value: RawValue): Readonly<Record<string, unknown>> {
  return {
    value: hyperparameterJson(parameter, value),
    text: showValue(parameter, value),
    setBy: whoSets(parameter),
    meaning: parameter.summary,
  };
}
