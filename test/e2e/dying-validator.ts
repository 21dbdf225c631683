import process from 'node:process';
import { connectChain } from '../../common/chain/chain-substrate.ts';
import { runValidator } from '../../validator/main.ts';

/**
 * A validator that is killed by SIGKILL at its first submission: `before` the extrinsic leaves, or
 * `after` the chain has it and before this node hears so. `before N` and `after N`: at the Nth word
 * with the chain about its weights, whatever it is. Arguments: YAML file, before or after, N.
 */
const [configFile = '', moment, nth] = process.argv.slice(2);
const deadly = ['snapshot', 'pendingCommits', 'weightsOf', 'eventsAt', 'submit'];
let left = Number(nth ?? 1);

function kill(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  return new Promise<never>(() => undefined);
}

type Connected = Awaited<ReturnType<typeof connectChain>>;

async function deadlyWord(say: () => unknown): Promise<unknown> {
  left -= 1;
  if (left !== 0) return say();
  if (moment === 'after') await say();
  return kill();
}

function dying(chain: Connected): Connected {
  const names = nth === undefined ? ['submit'] : deadly;
  return new Proxy(chain, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const say = (...args: unknown[]): unknown => Reflect.apply(value, target, args);
      if (!names.includes(String(name))) return say;
      return (...args: unknown[]) => deadlyWord(() => say(...args));
    },
  });
}

const stop = new AbortController();
process.on('disconnect', () => stop.abort(new Error('the parent process ended')));
await runValidator({
  configFile,
  once: false,
  dryRun: false,
  signal: stop.signal,
  connect: async (options) => dying(await connectChain(options)),
});
