import type { AxonInfo, Snapshot } from '../../common/chain-port.ts';
import type { Hotkey } from '../../common/brand.ts';
import { addressClass } from '../../common/chain/ip.ts';
import { isFault } from '../../common/fault.ts';
import type { HttpClient } from '../../common/http-port.ts';
import { isUsableTlsKey } from '../../common/tls-key.ts';
import type { TlsKey } from '../../common/tls-key.ts';
import { fail, pass, skipped, warn } from './finding.ts';
import type { Finding } from './finding.ts';

/** What the miner's YAML says of its address; null parts are found by the miner itself. */
export interface ConfiguredAxon {
  readonly ip: string | null;
  readonly port: number | null;
  /** It serves with a certificate. */
  readonly tls: boolean;
}

/** The axon on chain against the configured one; pure. */
export function axonFinding(
  snapshot: Snapshot,
  hotkey: Hotkey,
  configured: ConfiguredAxon | null,
): Finding {
  const id = 'axon.chain';
  const own = snapshot.neurons.find((neuron) => neuron.hotkey === hotkey);
  if (own === undefined) return skipped(id, 'the hotkey is not registered');
  if (own.axon === null) {
    return fail(
      id,
      'no axon on chain: nobody can find this miner',
      'Start it with announce.serve.',
    );
  }
  const detail = `${place(own.axon)}, served at block ${own.axon.block}`;
  if (configured === null || agrees(own.axon, configured)) return kindFinding(own.axon, detail);
  const wanted = `${configured.ip ?? own.axon.ip}:${configured.port ?? own.axon.port}`;
  const fix = 'Restart the miner with announce.serve: true, or correct server.externalIp/Port.';
  return fail(id, `${detail}, but the YAML says ${wanted}`, fix);
}

function agrees(axon: AxonInfo, { ip, port }: ConfiguredAxon): boolean {
  return (ip === null || ip === axon.ip) && (port === null || port === axon.port);
}

function kindFinding(axon: AxonInfo, detail: string): Finding {
  const kind = addressClass(axon.ip);
  if (kind === 'global') return pass('axon.chain', detail);
  const fix = 'Right for a local network only: validators elsewhere do not dial it.';
  return warn('axon.chain', `${detail}, a ${kind} address`, fix);
}

function place({ ip, port, ipType }: AxonInfo): string {
  return ipType === 6 ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** The key on chain by which validators know the axon's certificate; null: they ask by plain HTTP. */
export function pinnedKey(key: TlsKey | undefined): TlsKey | null {
  return key !== undefined && isUsableTlsKey(key) ? key : null;
}

/** TLS is spoken where chain and YAML both say so: a validator goes by the chain. */
export function tlsFinding(tlsKey: TlsKey | null, configured: ConfiguredAxon | null): Finding {
  const id = 'axon.tls';
  const isPinned = tlsKey !== null;
  const said = isPinned ? 'a key of a certificate is on chain' : 'no key on chain: plain HTTP';
  if (configured === null || configured.tls === isPinned) return pass(id, said);
  const wanted = configured.tls ? 'serves with a certificate' : 'names no certificate';
  const fix = 'Start the miner with announce.serve: true, which brings the chain up to date.';
  return fail(id, `${said}, but the YAML ${wanted}`, fix);
}

/**
 * Asks the axon for its health as a validator would: by TLS to the holder of the key on chain, and
 * to nobody else, or by plain HTTP where the chain names none.
 */
export async function reachFinding(
  http: HttpClient,
  axon: AxonInfo,
  tlsKey: TlsKey | null,
): Promise<Finding> {
  const id = 'axon.reachable';
  const got = await http.request({
    method: 'GET',
    url: `${tlsKey === null ? 'http' : 'https'}://${place(axon)}/v2/health/ready`,
    ...(tlsKey === null ? {} : { tlsKey }),
    headers: {},
    timeoutMs: 5000,
    maxBodyBytes: 65_536,
  });
  if (isFault(got) && got.reason === 'wrong-key') {
    const fix = 'Serve with the certificate whose key is on chain, or announce the new one.';
    return fail(id, `${place(axon)} shows a certificate of another key than the chain names`, fix);
  }
  if (isFault(got)) {
    const fix = 'Is the miner running, and is the port open in the firewall and forwarded?';
    return fail(id, `${place(axon)} does not answer: ${got.reason}`, fix);
  }
  const by = tlsKey === null ? '' : ', by TLS with the key on chain';
  if (got.status === 200) return pass(id, `${place(axon)} is ready${by}`);
  return warn(id, `${place(axon)} answers ${got.status}`, 'It is up but not ready: see its log.');
}
