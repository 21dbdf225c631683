import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { InvalidArgumentError } from 'commander';
import type { Hotkey } from '../../common/brand.ts';
import { addressClass } from '../../common/chain/ip.ts';
import { loadConfig, resolvePath } from '../../common/config/config-load.ts';
import { minerSchema } from '../../common/config/miner-schema.ts';
import type { MinerConfig } from '../../common/config/miner-schema.ts';
import { messageOf, SubnetError } from '../../common/errors.ts';
import { listWallets, readHotkeyAddress, walletLocation } from '../../common/keys/wallet.ts';
import { tlsKeyOf } from '../../common/node/tls-certificate.ts';
import type { TlsKey } from '../../common/tls-key.ts';
import { usage } from '../operator/command-parts.ts';

/** The miner that the load goes to, by its operator's own words: nothing is read from a chain. */
export interface BenchTarget {
  /** An IP address in text. */
  readonly ip: string;
  readonly port: number;
  readonly hotkey: Hotkey;
  readonly model: string;
  /** Of the certificate that it must show; without one it is plain HTTP. */
  readonly tlsKey?: TlsKey;
}

export interface TargetFlags {
  readonly config?: string;
  readonly axon?: AxonAddress;
  readonly hotkeyOfMiner?: Hotkey;
  readonly model?: string;
  readonly tlsCertificate?: string;
  /** With the classic protocol this is what is asked. */
  readonly synapse?: string;
  readonly iOwnThisMiner?: boolean;
}

export interface AxonAddress {
  readonly ip: string;
  readonly port: number;
}

/** For commander: `127.0.0.1:8091`, `[::1]:8091`, `localhost:8091`. */
export function axonOption(text: string): AxonAddress {
  const [, six, four, digits = ''] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  const ip = six ?? (four === 'localhost' ? '127.0.0.1' : four);
  const port = Number(digits);
  const isGood = ip !== undefined && isIP(ip) !== 0 && port >= 1 && port <= 65_535;
  if (isGood) return { ip, port };
  throw new InvalidArgumentError('must be an IP address and a port, such as 203.0.113.7:8091');
}

/** Flags go before what the miner YAML says. Throws USAGE, CONFIG_*, WALLET_*, KEYFILE_*. */
export function benchTarget(flags: TargetFlags): BenchTarget {
  const own = flags.config === undefined ? null : ownMiner(flags.config);
  const address = flags.axon ?? own?.address;
  const hotkey = flags.hotkeyOfMiner ?? own?.hotkey();
  const model = flags.synapse ?? flags.model ?? own?.model;
  if (address === undefined) throw usage('name the miner with --axon host:port, or --config');
  if (hotkey === undefined) throw usage('name its hotkey with --hotkey-of-miner, or --config');
  if (model === undefined) throw usage('name the model with --model, or --config');
  const certificate = flags.tlsCertificate ?? own?.certificate;
  const tls = certificate === undefined ? {} : { tlsKey: keyInCertificate(certificate) };
  return { ...address, hotkey, model, ...tls };
}

/** Throws TLS_INVALID. */
function keyInCertificate(file: string): TlsKey {
  try {
    const key = tlsKeyOf(new X509Certificate(readFileSync(file)).publicKey);
    if (key !== null) return key;
  } catch (cause) {
    throw new SubnetError('TLS_INVALID', { detail: messageOf(cause), file }, { cause });
  }
  throw new SubnetError('TLS_INVALID', { detail: 'neither Ed25519 nor P-256', file });
}

interface OwnMiner {
  readonly address: AxonAddress;
  readonly hotkey: () => Hotkey;
  readonly model: string;
  readonly certificate: string | undefined;
}

function ownMiner(file: string): OwnMiner {
  const { value, baseDir } = loadConfig(file, minerSchema);
  const { tls } = value.server;
  return {
    address: ownAddress(value),
    certificate: tls === undefined ? undefined : resolvePath(baseDir, tls.cert),
    hotkey: () => readHotkeyAddress(walletLocation(value.wallet)),
    model: value.task,
  };
}

/** Where it listens, not where it is announced: the way over one's own router is another's load. */
function ownAddress({ server }: MinerConfig): AxonAddress {
  const { host, port } = server;
  if (port === 0) throw usage('server.port of the YAML is 0: name the real port with --axon');
  const ip =
    host === '0.0.0.0' || host === 'localhost' ? '127.0.0.1' : host === '::' ? '::1' : host;
  if (isIP(ip) === 0) throw usage(`server.host is ${host}: name the address with --axon`);
  return { ip, port };
}

/** `http://host:port`, or `https://`. */
export function targetUrl({ ip, port, tlsKey }: BenchTarget): string {
  const scheme = tlsKey === undefined ? 'http' : 'https';
  return ip.includes(':') ? `${scheme}://[${ip}]:${port}` : `${scheme}://${ip}:${port}`;
}

/** Why a load on this miner is no attack on somebody else. */
export type Ownership = 'loopback' | 'wallet' | 'word';

/**
 * Load on a miner that belongs to somebody else is an attack on it. Throws BENCH_NOT_YOURS where
 * neither the address, nor a local wallet, nor the operator's word says that it is one's own.
 */
export function ownershipOf(
  target: BenchTarget,
  flags: TargetFlags,
  walletPaths: readonly string[],
): Ownership {
  if (addressClass(target.ip) === 'loopback') return 'loopback';
  if (walletPaths.some((path) => holdsHotkey(path, target.hotkey))) return 'wallet';
  if (flags.iOwnThisMiner === true) return 'word';
  const axon = `${target.ip}:${target.port}`;
  throw new SubnetError('BENCH_NOT_YOURS', { axon, hotkey: target.hotkey });
}

function holdsHotkey(path: string, hotkey: Hotkey): boolean {
  return listWallets(path).some(({ hotkeys }) => hotkeys.some(({ ss58 }) => ss58 === hotkey));
}

/** Folders in which the miner's hotkey may lie: that of the flags, that of its own YAML. */
export function walletPathsOf(flags: TargetFlags, path: string): readonly string[] {
  if (flags.config === undefined) return [path];
  const { wallet } = loadConfig(flags.config, minerSchema).value;
  return [...new Set([path, wallet.path])];
}
