import { request as httpRequest } from 'node:http';
import { Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { loadConfig } from '../../common/config/config-load.ts';
import { minerSchema } from '../../common/config/miner-schema.ts';
import type { Ss58 } from '../../common/brand.ts';
import { catalogue } from '../../common/error-catalogue.ts';
import { SubnetError, messageOf } from '../../common/errors.ts';
import type { ErrorCode } from '../../common/errors.ts';
import { parseSs58 } from '../../common/keys/ss58.ts';
import { walletLocation } from '../../common/keys/wallet.ts';
import { createPlatform } from '../../common/node/platform.ts';
import type { Signer } from '../../common/signer-port.ts';
import { signRequest } from '../../common/wire/btauth.ts';
import { adminName, adminPath, canaryShare, logLevels } from '../../miner/admin/admin-command.ts';
import type { AdminCommand } from '../../miner/admin/admin-command.ts';
import { isLoopback } from '../../miner/admin/loopback.ts';
import type { ModelRef } from '../../miner/models/catalogue.ts';
import { locationOf, withHotkey, withJson } from '../flags.ts';
import type { OutputFlags, WalletFlags } from '../flags.ts';
import type { CliIo } from '../io.ts';
import { usage } from '../operator/command-parts.ts';
import { processTerminal, terminalPrompter } from '../prompt.ts';
import { openColdkey, openHotkey } from '../wallet-open.ts';

interface AdminFlags extends OutputFlags, WalletFlags {
  readonly config: string;
  readonly useColdkey?: boolean;
  readonly miner?: string;
  readonly from?: string;
}

/** `subnet miner admin`: commands to a miner that runs, by signed requests on its loopback port. */
export function adminCommand(io: CliIo): Command {
  const command = new Command('admin').description('give commands to a miner that runs');
  const add = (name: string, text: string) => withAdmin(command.command(name).description(text));
  add('drain', 'take no new requests; those under way end').action((flags: AdminFlags) =>
    give(io, flags, { command: 'drain' }),
  );
  add('resume', 'take requests again').action((flags: AdminFlags) =>
    give(io, flags, { command: 'resume' }),
  );
  add('log-level', 'change the level of the log')
    .addOption(new Option('--level <level>').choices(logLevels).makeOptionMandatory())
    .action((flags: AdminFlags & { level: (typeof logLevels)[number] }) =>
      give(io, flags, { command: 'log-level', level: flags.level }),
    );
  return command;
}

interface ModelFlags extends AdminFlags {
  readonly model: string;
  readonly modelVersion?: string;
}

interface AliasFlags extends AdminFlags {
  readonly alias: string;
  readonly model?: string;
  readonly modelVersion?: string;
  readonly remove?: boolean;
}

/** `subnet miner models`: what a miner that runs serves, looked at and changed. */
export function modelsCommand(io: CliIo): Command {
  const command = new Command('models').description(
    'look at and change what a running miner serves',
  );
  const add = (name: string, text: string) => withAdmin(command.command(name).description(text));
  const addOne = (name: string, text: string) =>
    add(name, text)
      .requiredOption('--model <name>', 'name of the model', nameOption)
      .option('--model-version <version>', 'one version of it', nameOption);
  add('list', 'the models that are stored and served').action((flags: AdminFlags) =>
    give(io, flags, { command: 'models-list' }),
  );
  add('rescan', 'bring what is served to what is stored and configured').action(
    (flags: AdminFlags) => give(io, flags, { command: 'models-rescan' }),
  );
  addOne('load', 'load a version, the newest when none is named').action((flags: ModelFlags) =>
    give(io, flags, { command: 'models-load', name: flags.model, version: versionOf(flags) }),
  );
  addOne('unload', 'unload a version, all when none is named').action((flags: ModelFlags) =>
    give(io, flags, { command: 'models-unload', name: flags.model, version: versionOf(flags) }),
  );
  addAlias(io, add('alias', 'let another name stand for a model'));
  addCanary(io, addOne('canary', 'let a version answer a share of the callers'));
  return command;
}

function addAlias(io: CliIo, command: Command): void {
  command
    .requiredOption('--alias <name>', 'the other name', nameOption)
    .option('--model <name>', 'name of the model that it stands for', nameOption)
    .option('--model-version <version>', 'one version of it', nameOption)
    .option('--remove', 'take the alias away')
    .action((flags: AliasFlags) =>
      give(io, flags, { command: 'models-alias', alias: flags.alias, target: aliasTarget(flags) }),
    );
}

/** Null takes the alias away. Throws USAGE. */
function aliasTarget({ model: name, modelVersion, remove }: AliasFlags): ModelRef | null {
  if (remove === true) return null;
  if (name === undefined) throw usage('name the model with --model, or pass --remove');
  return { name, version: modelVersion ?? null };
}

function addCanary(io: CliIo, command: Command): void {
  command
    .option('--share <share>', '0 to 1; without it the canary is taken away', shareOption)
    .action((flags: ModelFlags & { share?: number }) => {
      const { share, modelVersion: version } = flags;
      if ((share === undefined) !== (version === undefined)) {
        throw usage('give --share together with --model-version');
      }
      const canary = share === undefined || version === undefined ? null : { version, share };
      return give(io, flags, { command: 'models-canary', name: flags.model, canary });
    });
}

/** For commander: what the miner would refuse is told with the flag that it stands behind. */
function nameOption(text: string): string {
  return checkedOption(adminName, text);
}

function shareOption(text: string): number {
  return checkedOption(canaryShare, text.trim() === '' ? NaN : Number(text));
}

function checkedOption<Value>(schema: z.ZodType<Value>, value: Value): Value {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  throw new InvalidArgumentError(read.error.issues[0]?.message ?? 'is not valid');
}

function versionOf({ modelVersion }: ModelFlags): string | null {
  return modelVersion ?? null;
}

function withAdmin(command: Command): Command {
  return withJson(withHotkey(command))
    .requiredOption('--config <file>', 'miner YAML: where its admin port is')
    .option('--use-coldkey', 'sign with the coldkey of the wallet, listed in admin.keys')
    .option('--miner <ss58>', "the miner's hotkey, when another key signs")
    .option(
      '--from <address>',
      'loopback address to ask from, where the usual one is refused (429)',
    );
}

async function give(io: CliIo, flags: AdminFlags, command: AdminCommand): Promise<void> {
  const { value: config } = loadConfig(flags.config, minerSchema);
  const signer = await openSigner(io, flags, walletLocation(config.wallet));
  try {
    const receiver = flags.miner === undefined ? signer.ss58 : addressOf(flags.miner);
    const { host, port } = config.admin;
    const from = loopbackOf(flags.from);
    const result = await askAdmin({ host, port, signer, receiver, from }, command);
    io.out(
      JSON.stringify(
        flags.json === true ? { ok: true, result } : result,
        null,
        flags.json === true ? 0 : 2,
      ),
    );
  } finally {
    signer.dispose();
  }
}

/** The wallet of the miner YAML, unless flags name another one. */
function openSigner(io: CliIo, flags: AdminFlags, configured: ReturnType<typeof walletLocation>) {
  const named = [flags.walletPath, flags.walletName, flags.hotkey].some((one) => one !== undefined);
  const location = named ? locationOf(io, flags) : configured;
  const prompter = terminalPrompter(processTerminal(io.signal), {});
  const open = flags.useColdkey === true ? openColdkey : openHotkey;
  return open(location, { io, prompter });
}

function addressOf(text: string): Ss58 {
  const address = parseSs58(text);
  if (address === undefined) throw usage('--miner is no SS58 address');
  return address;
}

function loopbackOf(address: string | undefined): string | undefined {
  if (address === undefined || isLoopback(address)) return address;
  throw usage('--from is no loopback address');
}

export interface AdminTarget {
  readonly host: string;
  readonly port: number;
  readonly signer: Signer;
  /** The miner's hotkey. */
  readonly receiver: Ss58;
  /** The address to ask from; that of the system when absent. */
  readonly from?: string | undefined;
}

/** Signs a command and sends it. Throws ADMIN_UNREACHABLE, ADMIN_REFUSED, and what the miner met. */
export async function askAdmin(target: AdminTarget, command: AdminCommand): Promise<unknown> {
  const { sha256, clock } = createPlatform();
  const body = Buffer.from(JSON.stringify(command));
  const headers = signRequest({
    method: 'POST',
    pathWithQuery: adminPath,
    bodySha256: sha256(body),
    signer: target.signer,
    nonceNs: clock.nowNs(),
    receiver: target.receiver,
  });
  const reply = await post(target, headers, body);
  if (reply.ok) return reply.result;
  throw refusalOf(reply);
}

const replySchema = z.union([
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({
    ok: z.literal(false).default(false),
    code: z.string().optional(),
    facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
    error: z.string().default('no reason was given'),
  }),
]);

type Reply = z.infer<typeof replySchema>;

/** The error that the miner met, with its own fix and exit code, where this version knows it. */
function refusalOf({ code, facts, error: detail }: Exclude<Reply, { ok: true }>): SubnetError {
  if (code === undefined || !isErrorCode(code)) return new SubnetError('ADMIN_REFUSED', { detail });
  return new SubnetError(code, facts ?? { detail });
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(catalogue, code);
}

function post(
  { host, port, from }: AdminTarget,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void =>
      reject(
        new SubnetError('ADMIN_UNREACHABLE', { host, port, detail: messageOf(cause) }, { cause }),
      );
    const length = { 'content-length': body.length };
    const options = {
      host,
      port,
      method: 'POST',
      path: adminPath,
      headers: { ...headers, ...length },
      ...(from !== undefined && { localAddress: from }),
    };
    const request = httpRequest(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('error', fail);
      response.on('end', () => {
        try {
          resolve(replySchema.parse(JSON.parse(text)));
        } catch (error) {
          fail(error);
        }
      });
    });
    request.on('error', fail);
    request.end(body);
  });
}
