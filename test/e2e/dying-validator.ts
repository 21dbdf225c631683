import process from 'node:process';
import { connectChain } from '../../common/chain/chain-substrate.ts';
import { runValidator } from '../../validator/main.ts';

/**
 * A validator that is killed by SIGKILL at its first submission: `before` the extrinsic leaves, or
 * `after` the chain has it and before this node hears so. Arguments: YAML file, before or after.
 */
const [configFile = '', moment] = process.argv.slice(2);

function kill(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  return new Promise<never>(() => undefined);
}

type Connected = Awaited<ReturnType<typeof connectChain>>;

function dying(chain: Connected): Connected {
  const submit: Connected['submit'] = async (...args) => {
    if (moment === 'after') await chain.submit(...args);
    return kill();
  };
  return new Proxy(chain, {
    get(target, name) {
      if (name === 'submit') return submit;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
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
