import { dirname } from 'node:path';
import { loadConfig, resolvePath } from '../../common/config/config-load.ts';
import { minerSchema } from '../../common/config/miner-schema.ts';
import { subnetSchema } from '../../common/config/subnet-schema.ts';
import { validatorSchema } from '../../common/config/validator-schema.ts';
import type { MinerConfig } from '../../common/config/miner-schema.ts';
import { walletLocation } from '../../common/keys/wallet.ts';
import type { WalletLocation } from '../../common/keys/wallet.ts';
import { kindOf } from '../config-kind.ts';
import type { ConfiguredAxon } from './axon-findings.ts';
import type { Role } from './neuron-findings.ts';
import { modelFilesOf } from '../../miner/models/model-files.ts';
import type { ModelFiles } from '../../miner/models/model-files.ts';

/** What the doctor looks at: a node's YAML, or what the command line names. */
export interface Subject {
  readonly configFile: string | null;
  readonly role: Role;
  readonly netuid: number;
  readonly endpoints: readonly string[];
  readonly wallet: WalletLocation;
  readonly folders: readonly FolderSubject[];
  readonly model: ModelSubject | null;
  /** null: a validator has no axon of its own. */
  readonly axon: ConfiguredAxon | null;
  /** The subnet YAML, to compare with the owner's commitment; null when none is named. */
  readonly subnetFile: string | null;
}

/** A folder whose disk has to have room. */
export interface FolderSubject {
  readonly path: string;
  /** The node makes it where it is missing, and writes there. */
  readonly isWritten: boolean;
}

export interface ModelSubject {
  readonly files: ModelFiles;
  readonly config: MinerConfig;
}

/**
 * Reads a miner's or validator's YAML. Throws CONFIG_* with every problem and its place, USAGE for
 * a file of another kind.
 */
export function subjectOf(configFile: string): Subject {
  return kindOf(configFile, undefined) === 'miner' ? minerOf(configFile) : validatorOf(configFile);
}

function minerOf(configFile: string): Subject {
  const { value: config, baseDir } = loadConfig(configFile, minerSchema);
  const { externalIp, externalPort, port, tls } = config.server;
  const files = modelFilesOf(config, baseDir);
  return {
    configFile,
    role: 'miner',
    netuid: config.netuid,
    endpoints: config.chain.endpoints,
    wallet: walletLocation(config.wallet),
    folders: foldersOf(files),
    model: { files, config },
    axon: {
      ip: externalIp ?? null,
      port: externalPort ?? (port === 0 ? null : port),
      tls: tls !== undefined,
    },
    subnetFile: config.subnet === undefined ? null : resolvePath(baseDir, config.subnet),
  };
}

function foldersOf({ modelPath, modelRepository }: ModelFiles): readonly FolderSubject[] {
  const file = modelPath === undefined ? undefined : dirname(modelPath);
  const path = modelRepository ?? file;
  return path === undefined ? [] : [{ path, isWritten: false }];
}

function validatorOf(configFile: string): Subject {
  const { value: config, baseDir } = loadConfig(configFile, validatorSchema);
  const subnetFile = resolvePath(baseDir, config.subnet);
  const { value: subnet } = loadConfig(subnetFile, subnetSchema);
  return {
    configFile,
    role: 'validator',
    netuid: config.netuid ?? subnet.netuid,
    endpoints: config.chain.endpoints,
    wallet: walletLocation(config.wallet),
    folders: [{ path: resolvePath(baseDir, config.stateDir), isWritten: true }],
    model: null,
    axon: null,
    subnetFile,
  };
}
