import type { HttpClient, HttpResponse } from '../../common/http-port.ts';
import type { Platform } from '../../common/platform-port.ts';
import type { Logger } from '../../common/telemetry-port.ts';
import type { ModelInterface } from '../../common/wire/inference-types.ts';
import { isProtocolError } from '../../common/wire/inference-types.ts';
import type { ModelPin, Shown } from './model-pin.ts';
import {
  readConfigParameters,
  readManifestSha256,
  readModelStatement,
  readServerExtensions,
} from './model-statement.ts';
import type { OpenInferenceTarget, ReadOptions } from './open-inference-exchange.ts';
import { OpenInferenceRequest, readOutputs } from './open-inference-exchange.ts';
import type { Fingerprint } from './probe.ts';
import { fingerprintOf, probeInputs } from './probe.ts';
import { isUnreadable } from './try-result.ts';
import type { Standing, Upstream } from './upstream.ts';
import type { CheckUpstream } from './watch-upstream.ts';

export interface CheckDeps {
  readonly http: HttpClient;
  readonly platform: Platform;
  readonly log: Logger;
  readonly pin: ModelPin;
}

export interface CheckOptions extends ReadOptions {
  readonly target: OpenInferenceTarget;
  readonly timeoutMs: number;
  readonly pin: {
    /** Name of the parameter in which an upstream says its sha256. */
    readonly parameter: string;
    readonly manifestPath?: string | undefined;
    /** False for models whose answers vary. */
    readonly probe: boolean;
  };
}

/** A server may exchange its model without a break: it is asked for it anew every so many checks. */
const inspectEvery = 15;
/** What servers say of themselves is small. */
const maxStatementBytes = 256 * 1024;

interface Inspection {
  readonly upstream: Upstream;
  readonly deps: CheckDeps;
  readonly options: CheckOptions;
  readonly signal: AbortSignal;
}

/**
 * Health and identity of an Open Inference Protocol server. `binary` is told which upstreams take
 * tensors in binary.
 */
export function createOpenInferenceCheck(
  deps: CheckDeps,
  options: CheckOptions,
  binary: Map<Upstream, boolean>,
): CheckUpstream {
  return async (upstream, { round, wasReady }, signal) => {
    const inspection = { upstream, deps, options, signal };
    const away = await whyAway(inspection);
    if (away !== null) return { kind: 'away', why: away };
    if (wasReady && round % inspectEvery !== 0) return { kind: 'ready' };
    return inspect(inspection, binary, wasReady);
  };
}

async function whyAway(inspection: Inspection): Promise<string | null> {
  for (const path of ['/v2/health/ready', `${modelPath(inspection.options.target)}/ready`]) {
    const response = await get(inspection, path);
    if (typeof response === 'string') return response;
    if (response.status !== 200) return `${path}: status ${response.status}`;
  }
  return null;
}

async function inspect(
  inspection: Inspection,
  binary: Map<Upstream, boolean>,
  wasReady: boolean,
): Promise<Standing> {
  const { deps, upstream } = inspection;
  binary.set(upstream, await takesBinary(inspection));
  const shown = await show(inspection, binary.get(upstream) === true);
  if (typeof shown === 'string') return { kind: 'away', why: shown };
  if (shown.fingerprint === null && deps.pin.fingerprint !== undefined) {
    return { kind: 'away', why: 'it does not answer the probe' };
  }
  const report = deps.pin.compare(shown);
  if ('why' in report) return { kind: 'wrong-model', why: report.why };
  if (!wasReady) tell(deps.log, upstream, report.saidSha256, report.fingerprint);
  return { kind: 'ready' };
}

async function takesBinary(inspection: Inspection): Promise<boolean> {
  const response = await get(inspection, '/v2');
  if (typeof response === 'string' || response.status !== 200) return false;
  return readServerExtensions(response.body)?.includes('binary_tensor_data') ?? false;
}

/** What it shows of its model; a text when it did not answer. */
async function show(inspection: Inspection, binary: boolean): Promise<Shown | string> {
  const { options, deps } = inspection;
  const response = await get(inspection, modelPath(options.target));
  if (typeof response === 'string') return response;
  const statement = response.status === 200 ? readModelStatement(response.body) : null;
  if (statement === null) return 'its model metadata cannot be read';
  const sha256 =
    textOf(statement.parameters[options.pin.parameter]) ??
    (await configSha256(inspection)) ??
    (await manifestSha256(inspection));
  const model = options.pin.probe ? (deps.pin.interface ?? statement.interface) : null;
  const fingerprint = model === null ? null : await probe(inspection, model, binary);
  return { interface: statement.interface, sha256, fingerprint };
}

/** Triton says parameters in its configuration, not in its metadata. */
async function configSha256(inspection: Inspection): Promise<string | null> {
  const { pin, target } = inspection.options;
  const response = await get(inspection, `${modelPath(target)}/config`);
  if (typeof response === 'string' || response.status !== 200) return null;
  return textOf(readConfigParameters(response.body)?.[pin.parameter]);
}

async function manifestSha256(inspection: Inspection): Promise<string | null> {
  const { manifestPath } = inspection.options.pin;
  if (manifestPath === undefined) return null;
  const url = `${originOf(inspection.upstream.url)}${manifestPath}`;
  const response = await getUrl(inspection, url);
  if (typeof response === 'string' || response.status !== 200) return null;
  return readManifestSha256(response.body);
}

/** Null when it does not take the probe: some models take no made-up inputs. */
async function probe(
  { upstream, deps, options, signal }: Inspection,
  model: ModelInterface,
  binary: boolean,
): Promise<Fingerprint | null> {
  const inputs = probeInputs(model);
  const request = new OpenInferenceRequest(options.target, inputs);
  const message = request.encoded(binary);
  if (isProtocolError(message)) return null;
  const { timeoutMs } = options;
  const asked = request.to(upstream.url, message);
  const reply = await deps.http.request({ ...asked, timeoutMs, signal });
  if (reply.kind === 'fault' || reply.status !== 200) return null;
  const read = readOutputs(reply, model, inputs, options);
  return isUnreadable(read) ? null : fingerprintOf(read.outputs, deps.platform.sha256);
}

function get(inspection: Inspection, path: string): Promise<HttpResponse | string> {
  return getUrl(inspection, `${inspection.upstream.url}${path}`);
}

/** A text says why there is no answer. */
async function getUrl(
  { deps, options, signal }: Inspection,
  url: string,
): Promise<HttpResponse | string> {
  const { timeoutMs, target } = options;
  const reply = await deps.http.request({
    method: 'GET',
    url,
    headers: target.headers,
    timeoutMs,
    maxBodyBytes: maxStatementBytes,
    signal,
  });
  return reply.kind === 'fault' ? `${reply.reason}: ${reply.detail}` : reply;
}

function modelPath({ model, version }: OpenInferenceTarget): string {
  const tail = version === undefined ? '' : `/versions/${encodeURIComponent(version)}`;
  return `/v2/models/${encodeURIComponent(model)}${tail}`;
}

function originOf(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function tell(
  log: Logger,
  { name }: Upstream,
  saidSha256: boolean,
  fingerprint: Fingerprint | null,
): void {
  const fields = { upstream: name, saidSha256, fingerprint };
  if (saidSha256) return log.info('upstream says the sha256 that is pinned', fields);
  log.warn(
    'upstream cannot say which model it has: its interface and its answer to the probe are pinned',
    fields,
  );
}
