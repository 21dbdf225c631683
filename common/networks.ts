import { closestName } from './config/closest-name.ts';
import { SubnetError } from './errors.ts';

export interface Network {
  readonly name: string;
  /** Tried in order. */
  readonly endpoints: readonly string[];
  /** Of the chain that the name stands for; absent where it may be any. */
  readonly genesisHash?: string;
}

const finneyGenesis = '0x2f0555cc76fc2840a25a6ea3b9637146806f1f44b090c175ffde2a7e5ab36c03';

const testGenesis = '0x8f9cf856bf558a14440e75569c9e58594757048d7b3a84b5d25f6bd978263105';

const networks: readonly Network[] = [
  {
    name: 'finney',
    endpoints: ['wss://entrypoint-finney.opentensor.ai:443'],
    genesisHash: finneyGenesis,
  },
  {
    name: 'archive',
    endpoints: ['wss://archive.chain.opentensor.ai:443'],
    genesisHash: finneyGenesis,
  },
  {
    name: 'latent-lite',
    endpoints: ['wss://lite.sub.latent.to:443'],
    genesisHash: finneyGenesis,
  },
  {
    name: 'test',
    endpoints: ['wss://test.finney.opentensor.ai:443'],
    genesisHash: testGenesis,
  },
  { name: 'local', endpoints: ['ws://127.0.0.1:9944'] },
];

/** The genesis that endpoints of a known network must have; null when none of them is known. */
export function knownGenesis(endpoints: readonly string[]): string | null {
  const hosts = endpoints.map((url) => hostOf(url));
  const network = networks.find(({ genesisHash, endpoints: own }) => {
    return genesisHash !== undefined && own.some((url) => hosts.includes(hostOf(url)));
  });
  return network?.genesisHash ?? null;
}

/** Endpoints were checked before; one that is no URL is nobody's. */
function hostOf(url: string): string {
  try {
    return new URL(url).hostname;
  } catch {
    return '';
  }
}

/** A network's name, an endpoint, or several endpoints with commas between them. Throws USAGE. */
export function resolveNetwork(text: string): Network {
  const known = networks.find(({ name }) => name === text);
  if (known !== undefined) return known;
  const endpoints = text.split(',').map((one) => one.trim());
  const wrong = endpoints.find((one) => !/^wss?:\/\/[^\s]+$/.test(one));
  if (wrong === undefined) return { name: text, endpoints };
  const names = networks.map(({ name }) => name);
  const close = closestName(text, names);
  const hint = close === null ? `the names are ${names.join(', ')}` : `did you mean ${close}?`;
  const detail = `--network ${text} is neither a name nor ws(s)://host:port; ${hint}`;
  throw new SubnetError('USAGE', { detail });
}
