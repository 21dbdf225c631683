import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { connectChain } from '../common/chain/chain-substrate.ts';
import type { Chain, ChainCall } from '../common/chain-port.ts';
import { SubnetError } from '../common/errors.ts';
import { createLogger } from '../common/node/log.ts';
import { createPlatform } from '../common/node/platform.ts';
import { loadSr25519 } from '../common/keys/sr25519.ts';
import { readColdkey } from '../common/keys/wallet.ts';
import { absentCommand } from './demo/absent.ts';
import { createLiveView } from './demo/live-view.ts';
import type { LiveView } from './demo/live-view.ts';
import { createObserver } from './demo/observe.ts';
import {
  demoBlockTimeMs,
  demoMiners,
  demoNetuid,
  demoStakeTao,
  demoValidators,
} from './demo/plan.ts';
import type { DemoValidator } from './demo/plan.ts';
import { firstDeath, startProcess } from './demo/processes.ts';
import type { DemoProcess } from './demo/processes.ts';
import { keysOf, layOut } from './demo/setup.ts';
import type { DemoLayout } from './demo/setup.ts';
import { paidFairly, summaryOf } from './demo/state.ts';
import type { DemoState } from './demo/state.ts';
import type { CliIo } from './io.ts';
import { wholeNumberOption } from './options.ts';
import { raoPerTao } from '../common/rao.ts';

interface DemoOptions {
  readonly epochs: number;
  readonly timeout: number;
  readonly out?: string;
  readonly keep?: boolean;
  readonly json?: boolean;
}

/** `subnet demo`: a whole subnet on this machine, ended by a table of what the runtime paid. */
export function demoCommand(io: CliIo): Command {
  return new Command('demo')
    .description('a whole subnet on this machine: chain, miners, validators, emission')
    .usage('[options]')
    .option('--epochs <n>', 'paid epochs to run', wholeNumberOption(1, 1000), 3)
    .option('--timeout <seconds>', 'give up after this time', wholeNumberOption(1, 86_400), 300)
    .option('--out <dir>', 'leave state, logs and evidence there')
    .option('--keep', 'leave all running at the end, until Ctrl-C')
    .option('--json', 'the last line of stdout is one JSON object')
    .addCommand(absentCommand(io), { hidden: true })
    .action((options: DemoOptions) => runDemo(io, options));
}

async function runDemo(io: CliIo, options: DemoOptions): Promise<void> {
  const layout = await layOut(options.out);
  const view = createLiveView(io, options.json === true);
  const running: DemoProcess[] = [];
  let failed = true;
  try {
    const state = await watchSubnet(io, options, layout, view, running);
    failed = !paidFairly(state.miners);
    report(io, options, state, failed);
    if (options.keep === true && !io.signal.aborted) await keepRunning(io, layout);
  } catch (error) {
    if (!io.signal.aborted) throw error;
    io.err('interrupted: every process is being stopped');
    io.setExitCode(130);
  } finally {
    await stopAll(running);
    const leave = !layout.temporary || (failed && !io.signal.aborted);
    if (leave) view.step(`state, logs and evidence: ${layout.dir}`);
    else rmSync(layout.dir, { recursive: true, force: true });
  }
}

function report(io: CliIo, options: DemoOptions, state: DemoState, failed: boolean): void {
  const verdict = failed
    ? 'NOT as it should be: the runtime must pay best > weaker > 0 and nothing to the others'
    : 'The runtime paid best > weaker > 0, and nothing to the cheat and the absent one.';
  if (options.json === true) io.out(JSON.stringify(summaryOf(state)));
  else io.out(`\n${verdict}`);
  if (failed) io.setExitCode(1);
}

async function watchSubnet(
  io: CliIo,
  options: DemoOptions,
  layout: DemoLayout,
  view: LiveView,
  running: DemoProcess[],
): Promise<DemoState> {
  // AbortSignal.any with AbortSignal.timeout can be collected before it fires (Node 20).
  const { signal: limit, dispose } = createPlatform().deadline(options.timeout * 1000, io.signal);
  const stopped = ended(limit, io);
  const over = new AbortController();
  const alive = <T>(work: Promise<T>): Promise<T> =>
    Promise.race([work, firstDeath(running, () => !limit.aborted, layout.logFile), stopped]);
  try {
    return await runNodes(options, layout, view, running, { over: over.signal, alive });
  } finally {
    over.abort();
    dispose();
  }
}

interface Watch {
  /** Aborts when the demo has ended, for whatever reason: loops must not outlive it. */
  readonly over: AbortSignal;
  /** Rejects as soon as a process dies or the time is over. */
  alive<T>(work: Promise<T>): Promise<T>;
}

async function runNodes(
  options: DemoOptions,
  layout: DemoLayout,
  view: LiveView,
  running: DemoProcess[],
  { over, alive }: Watch,
): Promise<DemoState> {
  const start = (name: string, args: readonly string[]): void => {
    running.push(startProcess(name, args, layout.logFile(name)));
  };
  view.step('chain: our own runtime, with Yuma consensus, in a process of its own');
  start('chain', chainArgs(layout));
  const chain = await alive(connectWhenUp(layout, over));
  try {
    view.step('miners: best, weaker, constant (a cheat), absent');
    for (const name of demoMiners) start(name, minerArgs(layout, name));
    view.step('validators: register, stake, then query, score and set weights on their own');
    await alive(stakeValidators(chain, layout));
    await alive(untilAllServe(chain, layout, over));
    for (const name of demoValidators) {
      start(name, ['validator', 'run', '--config', layout.configFile(name)]);
    }
    return await alive(watchEpochs(chain, layout, options.epochs, view, over));
  } finally {
    await chain.close();
  }
}

function chainArgs(layout: DemoLayout): string[] {
  const { chainPort, genesisFile, chainState } = layout;
  const blockTime = String(demoBlockTimeMs);
  return ['chain', 'dev', '--port', String(chainPort), '--genesis', genesisFile].concat([
    '--state',
    chainState,
    '--block-time',
    blockTime,
  ]);
}

function minerArgs(layout: DemoLayout, name: (typeof demoMiners)[number]): string[] {
  if (name !== 'absent') return ['miner', 'run', '--config', layout.configFile(name)];
  return ['demo', 'absent', '--chain', layout.chainUrl, '--wallet', layout.walletPath].concat(
    ['--host', layout.axonHost, '--port', String(layout.axonPorts.absent)],
    ['--netuid', String(demoNetuid)],
  );
}

async function connectWhenUp(layout: DemoLayout, signal: AbortSignal): Promise<Chain> {
  const endpoints = [layout.chainUrl];
  const logger = createLogger({ level: 'silent' });
  for (;;) {
    try {
      return await connectChain({ endpoints, platform: createPlatform(), logger });
    } catch (error) {
      if (signal.aborted) throw error;
      await sleep(300);
    }
  }
}

async function stakeValidators(chain: Chain, layout: DemoLayout): Promise<void> {
  await Promise.all(demoValidators.map((name) => stakeOne(chain, layout, name)));
}

async function stakeOne(chain: Chain, layout: DemoLayout, name: DemoValidator): Promise<void> {
  const location = { path: layout.walletPath, name, hotkey: 'default' };
  const { signer } = readColdkey(loadSr25519(), location);
  const { hotkey } = keysOf(layout, name);
  const amountRao = BigInt(demoStakeTao[name]) * raoPerTao;
  const calls: ChainCall[] = [
    { call: 'burned_register', netuid: demoNetuid, hotkey },
    { call: 'add_stake', netuid: demoNetuid, hotkey, amountRao },
  ];
  for (const call of calls) {
    const outcome = await chain.submit(call, signer);
    if (outcome.kind === 'included') continue;
    throw new SubnetError('DEMO_SETUP_FAILED', { detail: `${call.call}: ${outcome.message}` });
  }
}

/** On a busy machine some come late, and a first vector without them would pay the others alone. */
async function untilAllServe(chain: Chain, layout: DemoLayout, signal: AbortSignal): Promise<void> {
  const hotkeys = demoMiners.map((name) => keysOf(layout, name).hotkey);
  for (;;) {
    const { neurons } = await chain.snapshot(demoNetuid);
    const serving = new Set(neurons.flatMap(({ axon, hotkey }) => (axon === null ? [] : [hotkey])));
    if (hotkeys.every((hotkey) => serving.has(hotkey))) return;
    signal.throwIfAborted();
    await sleep(300);
  }
}

async function watchEpochs(
  chain: Chain,
  layout: DemoLayout,
  epochs: number,
  view: LiveView,
  signal: AbortSignal,
): Promise<DemoState> {
  const observer = createObserver(chain, layout, epochs);
  for (;;) {
    const state = await observer.observe();
    if (state.paidEpochs >= epochs) {
      view.finish(state);
      return state;
    }
    view.update(state);
    signal.throwIfAborted();
    await sleep(500);
  }
}

/** Rejects when the demo was interrupted or its time is over. */
function ended(limit: AbortSignal, io: CliIo): Promise<never> {
  const promise = new Promise<never>((_, reject) => {
    const end = (): void => {
      const detail = io.signal.aborted ? 'it was interrupted' : 'the time of --timeout is over';
      reject(new SubnetError('DEMO_TIMEOUT', { detail }));
    };
    if (limit.aborted) end();
    else limit.addEventListener('abort', end, { once: true });
  });
  // It may come while nobody waits for it.
  promise.catch(() => undefined);
  return promise;
}

async function keepRunning(io: CliIo, layout: DemoLayout): Promise<void> {
  const lines = [
    '',
    'All is left running; Ctrl-C ends it.',
    `  chain       ${layout.chainUrl} (any Substrate client, e.g. the polkadot-js apps)`,
    ...demoValidators.map(
      (name) => `  validator   subnet validator status --config ${layout.configFile(name)}`,
    ),
    ...demoValidators.map(
      (name) => `  metrics     http://127.0.0.1:${layout.validatorMetrics[name]}/metrics (${name})`,
    ),
    `  miner       http://${layout.axonHost}:${layout.axonPorts.best}/v2/models/digits (best)`,
    `  logs        ${layout.dir}`,
  ];
  for (const line of lines) io.err(line);
  await new Promise<void>((resolve) => {
    io.signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Miners and validators first, so that each can still say goodbye to the chain. */
async function stopAll(running: readonly DemoProcess[]): Promise<void> {
  const [chain, ...nodes] = running;
  await Promise.all(nodes.map((one) => one.stop()));
  await chain?.stop();
}
