import type { AxonInfo, Snapshot } from '../../common/chain-port.ts';
import type { Hotkey } from '../../common/brand.ts';
import { addressClass } from '../../common/chain/ip.ts';
import { isFault } from '../../common/fault.ts';
import type { HttpClient } from '../../common/http-port.ts';
import { fail, pass, skipped, warn } from './finding.ts';
import type { Finding } from './finding.ts';

/** What the miner's YAML says of its address; null parts are found by the miner itself. */
export interface ConfiguredAxon {
  readonly ip: string | null;
  readonly port: number | null;
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

/** Asks the axon for its health, as a validator would reach it. */
export async function reachFinding(http: HttpClient, axon: AxonInfo): Promise<Finding> {
  const id = 'axon.reachable';
  const got = await http.request({
    method: 'GET',
    url: `http://${place(axon)}/v2/health/ready`,
    headers: {},
    timeoutMs: 5000,
    maxBodyBytes: 65_536,
  });
  if (isFault(got)) {
    const fix = 'Is the miner running, and is the port open in the firewall and forwarded?';
    return fail(id, `${place(axon)} does not answer: ${got.reason}`, fix);
  }
  if (got.status === 200) return pass(id, `${place(axon)} is ready`);
  return warn(id, `${place(axon)} answers ${got.status}`, 'It is up but not ready: see its log.');
}
