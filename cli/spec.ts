import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import Table from 'cli-table3';
import { Command } from 'commander';
import { loadConfig } from '../common/config/config-load.ts';
import { subnetSchema } from '../common/config/subnet-schema.ts';
import type { SubnetConfig } from '../common/config/subnet-schema.ts';
import { SubnetError } from '../common/errors.ts';
import { createPlatform } from '../common/node/platform.ts';
import { applyPlan } from '../common/owner/apply.ts';
import type { Applied, ApplyEvent } from '../common/owner/apply.ts';
import { showValue } from '../common/owner/hyperparameter-value.ts';
import type { Authority, GateQuestion } from '../common/owner/owner-gates.ts';
import { clearsAt, makePlan } from '../common/owner/plan.ts';
import type { Plan, PlanStep, Wishes } from '../common/owner/plan.ts';
import { commitRulesCall, compareRules, ownerHotkey } from '../common/owner/rules-commitment.ts';
import type { RulesState } from '../common/owner/rules-commitment.ts';
import { parseSs58 } from '../common/keys/ss58.ts';
import { locationOf, withAction, withHotkey, withJson, withNetuid, withNetwork } from './flags.ts';
import type { ActionFlags, NetworkFlags, OutputFlags, WalletFlags } from './flags.ts';
import type { CliIo } from './io.ts';
import { coldkeyOf, hotkeyOf, operationDeps } from './operator/command-parts.ts';
import { hyperparameterJson } from './operator/hyperparameter-fact.ts';
import { carryOut } from './operator/operation.ts';
import { answer, jsonLine, operatorDeps, withChain } from './operator/session.ts';
import type { OperatorChain, OperatorDeps } from './operator/session.ts';

interface SpecFlags extends WalletFlags, NetworkFlags, ActionFlags, OutputFlags {
  readonly netuid?: number;
  readonly sudo?: boolean;
  readonly wait?: boolean;
}

/** A subnet YAML with the hash that stands for it on chain. */
interface Spec {
  readonly file: string;
  readonly config: SubnetConfig;
  readonly netuid: number;
  readonly sha256: string;
  readonly wishes: Wishes;
}

/** `subnet spec`: from the subnet YAML to the chain. */
export function specCommand(io: CliIo, deps: OperatorDeps = operatorDeps(io)): Command {
  const command = new Command('spec').description('the subnet YAML and the chain');
  withJson(withWho(command.command('plan').argument('<file>', 'subnet YAML')))
    .description('what spec apply would change on chain, who may, and when')
    .action((file: string, flags: SpecFlags) => plan(io, deps, readSpec(file, flags), flags));
  withAction(withWho(command.command('apply').argument('<file>', 'subnet YAML')))
    .description('bring the hyperparameters on chain to those of the YAML, one by one, read back')
    .option('--no-wait', 'leave what a freeze window or a rate limit holds back for another run')
    .action((file: string, flags: SpecFlags) => apply(io, deps, readSpec(file, flags), flags));
  withAction(withWho(command.command('commit').argument('<file>', 'subnet YAML')))
    .description("commit the sha256 of the YAML on chain, signed by the owner's hotkey")
    .action((file: string, flags: SpecFlags) => commit(io, deps, readSpec(file, flags), flags));
  return command;
}

function withWho(command: Command): Command {
  return withNetuid(withNetwork(withHotkey(command))).option(
    '--sudo',
    'sign with the root key, through Sudo (development chains)',
  );
}

/** Throws CONFIG_* with each problem's place. */
function readSpec(file: string, flags: SpecFlags): Spec {
  const { value: config } = loadConfig(file, subnetSchema);
  const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
  const netuid = flags.netuid ?? config.netuid;
  return { file, config, netuid, sha256, wishes: config.chain.hyperparameters };
}

/** A plan needs no key; where the wallet has one, its right to change things is looked at too. */
function questionOf(io: CliIo, { netuid }: Spec, flags: SpecFlags): GateQuestion {
  const authority: Authority = flags.sudo === true ? 'root' : 'owner';
  return { netuid, authority, signer: signerOrNull(io, flags) };
}

function signerOrNull(io: CliIo, flags: SpecFlags): GateQuestion['signer'] {
  try {
    return coldkeyOf(io, flags);
  } catch {
    return null;
  }
}

async function plan(io: CliIo, deps: OperatorDeps, spec: Spec, flags: SpecFlags): Promise<void> {
  await answer(io, deps, flags, async (view) => {
    const made = await makePlan(view, spec.wishes, questionOf(io, spec, flags));
    if (made.steps.some(({ state }) => state === 'blocked')) io.setExitCode(4);
    const rules = await compareRules(view, spec.netuid, spec.sha256);
    return {
      json: { netuid: spec.netuid, sha256: spec.sha256, rules, steps: made.steps.map(stepJson) },
      lines: [...planLines(made), rulesLine(rules, spec)],
    };
  });
}

function stepJson(step: PlanStep): Readonly<Record<string, unknown>> {
  const { parameter, wanted, current, state, gates } = step;
  return {
    name: parameter.name,
    key: parameter.key,
    current: current === null ? null : hyperparameterJson(parameter, current),
    wanted: hyperparameterJson(parameter, wanted),
    setBy: step.setBy,
    state,
    clearsAtBlock: state === 'waits' ? clearsAt(step) : null,
    reasons: gates.map(({ reason, detail, clearsAtBlock }) => ({ reason, detail, clearsAtBlock })),
  };
}

const stateWords = {
  done: 'as wanted',
  ready: 'can be set',
  waits: 'has to wait',
  blocked: 'cannot be set',
} as const;

function planLines({ netuid, block, steps }: Plan): readonly string[] {
  if (steps.length === 0) {
    return [`netuid ${netuid}: the YAML names no hyperparameters (chain.hyperparameters)`];
  }
  const table = new Table({
    head: ['hyperparameter', 'on chain', 'wanted', 'set by', ''],
    style: { head: [], border: [] },
  });
  for (const { parameter, current, wanted, state, setBy } of steps) {
    const now = current === null ? '-' : showValue(parameter, current);
    table.push([parameter.name, now, showValue(parameter, wanted), setBy, stateWords[state]]);
  }
  const reasons = steps.flatMap(({ parameter, gates }) =>
    gates.map(({ detail }) => `${parameter.name}: ${detail}`),
  );
  return [`netuid ${netuid} at block ${block}`, table.toString(), ...reasons];
}

function rulesLine(rules: RulesState, { sha256 }: Spec): string {
  switch (rules.kind) {
    case 'same':
      return `rules on chain: this file (sha256 ${sha256}), since block ${rules.block}`;
    case 'differs':
      return `rules on chain: another file (sha256 ${rules.committed}); this one is ${sha256}`;
    case 'none':
      return `rules on chain: none committed; this file is ${sha256} (subnet spec commit)`;
    case 'unknown':
      return `rules on chain: ${rules.detail}`;
  }
}

async function apply(io: CliIo, deps: OperatorDeps, spec: Spec, flags: SpecFlags): Promise<void> {
  await withChain(io, deps, flags, async (chain) => {
    const payer = coldkeyOf(io, flags);
    const question = { ...questionOf(io, spec, flags), signer: payer };
    const before = await makePlan(await chain.view(), spec.wishes, question);
    if (flags.json !== true) planLines(before).forEach((line) => io.out(line));
    if (flags.dryRun === true || !before.steps.some(isOpen)) {
      return showApplied(io, flags, { changed: [], left: before });
    }
    const prompter = deps.prompter(flags);
    const count = before.steps.filter(isOpen).length;
    if (!(await prompter.confirm(`Change ${count} hyperparameter(s) of netuid ${spec.netuid}?`))) {
      throw new SubnetError('CANCELLED');
    }
    const signer = await deps.open(locationOf(io, flags), 'coldkey', prompter);
    try {
      showApplied(io, flags, await run(io, chain, signer, spec, question, flags));
    } finally {
      signer.dispose();
    }
  });
}

function isOpen({ state }: PlanStep): boolean {
  return state === 'ready' || state === 'waits';
}

function run(
  io: CliIo,
  chain: OperatorChain,
  signer: Parameters<typeof applyPlan>[0]['signer'],
  spec: Spec,
  question: GateQuestion,
  flags: SpecFlags,
): Promise<Applied> {
  const report = (event: ApplyEvent): void =>
    flags.json === true ? io.err(eventLine(event)) : io.out(eventLine(event));
  const applyDeps = { chain, signer, platform: createPlatform(), signal: io.signal, report };
  return applyPlan(applyDeps, spec.wishes, question, { wait: flags.wait !== false });
}

function eventLine(event: ApplyEvent): string {
  const { parameter, wanted } = event.step;
  const what = `${parameter.name} = ${showValue(parameter, wanted)}`;
  switch (event.kind) {
    case 'waiting':
      return `${what}: waits for block ${event.untilBlock} (now ${event.block})`;
    case 'sending':
      return `${what}: sending`;
    case 'changed':
      return `${what}: on chain since block ${event.block} (${event.call})`;
  }
}

function showApplied(io: CliIo, flags: SpecFlags, { changed, left }: Applied): void {
  const open = left.steps.filter(({ state }) => state !== 'done');
  const dryRun = flags.dryRun === true;
  // What only has to wait speaks against nothing: a real run waits for it.
  const lacking = dryRun ? open.filter(({ state }) => state === 'blocked') : open;
  const error = lacking.length === 0 ? null : leftError(lacking);
  if (flags.json === true) {
    io.out(jsonLine({ ...verdict(error), dryRun, changed, left: open.map(stepJson) }));
  } else if (dryRun) io.out('dry run: nothing was signed or sent');
  else io.out(`${changed.length} changed, ${open.length} left`);
  if (error !== null) io.setExitCode(error.exitCode);
}

function verdict(error: SubnetError | null): Readonly<Record<string, unknown>> {
  if (error === null) return { ok: true };
  const { code, message, fix } = error;
  return { ok: false, error: { code, message, fix } };
}

function leftError(steps: readonly PlanStep[]): SubnetError {
  const reasons = steps.map(
    ({ parameter, gates }) => `${parameter.name}: ${gates[0]?.detail ?? 'left'}`,
  );
  return new SubnetError('HYPERPARAMETERS_LEFT', { detail: reasons.join('; ') });
}

async function commit(io: CliIo, deps: OperatorDeps, spec: Spec, flags: SpecFlags): Promise<void> {
  const { netuid, sha256 } = spec;
  const payer = hotkeyOf(io, flags);
  await withChain(io, deps, flags, async (chain) => {
    const view = await chain.view();
    const owner = parseSs58((await ownerHotkey(view, netuid)) ?? '') ?? null;
    const known = await compareRules(view, netuid, sha256);
    if (known.kind === 'same' && owner === payer)
      return tellCommitted(io, flags, known.block, spec);
    await carryOut(operationDeps(io, deps, flags, chain), {
      what: `Commit the rules of netuid ${netuid}: sha256 ${sha256}`,
      call: await commitRulesCall(view, netuid, payer, sha256),
      signedBy: 'hotkey',
      payer,
      facts: { file: spec.file, sha256 },
      refusals: () => notOwner(payer, owner, netuid),
      effect: async (after) => {
        const state = await compareRules(after, netuid, sha256);
        return state.kind === 'same' ? { committedAtBlock: state.block } : null;
      },
    });
  });
}

function tellCommitted(io: CliIo, flags: SpecFlags, block: number, { netuid, sha256 }: Spec): void {
  if (flags.json === true) {
    io.out(jsonLine({ ok: true, changed: false, netuid, sha256, committedAtBlock: block }));
  } else io.out(`sha256 ${sha256} is committed already, since block ${block}; nothing to do`);
}

function notOwner(payer: string, owner: string | null, netuid: number) {
  if (owner === payer) return [];
  const detail = `the owner's hotkey of netuid ${netuid} is ${owner ?? 'not set'}, this one is ${payer}`;
  return [{ code: 'NOT_OWNER_HOTKEY', chainError: 'BadOrigin', detail }] as const;
}
