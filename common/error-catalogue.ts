export interface ErrorEntry {
  /** Process exit code: 1 failed, 2 wrong input, 3 the environment, 4 the chain refused. */
  readonly exit: 1 | 2 | 3 | 4;
  readonly title: string;
  readonly fix: string;
}

/**
 * Every error that a person can meet, by area. docs/errors.md is generated from this table
 * (`npm run schema`), and a test holds both together. `fix` says what to do.
 */
export const catalogue = {
  // configuration
  CONFIG_NOT_FOUND: {
    exit: 2,
    title: 'The configuration file cannot be read',
    fix: 'Check the path after --config and that the file is readable.',
  },
  CONFIG_INVALID: {
    exit: 2,
    title: 'The configuration is not valid',
    fix: 'Mend each place that is listed with its file, line and column.',
  },
  USAGE: {
    exit: 2,
    title: 'The command line is not valid',
    fix: 'See the help of the command: subnet <command> --help.',
  },
  CANCELLED: {
    exit: 1,
    title: 'The command was cancelled at a question; nothing was done',
    fix: 'Run it again and answer, or give the answer as the help of the command says.',
  },
  // tasks and data sets
  DATASET_HASH: {
    exit: 2,
    title: 'The data set is not the one that the subnet names',
    fix: 'Get the file whose sha256 stands in the subnet YAML, or correct the sha256.',
  },
  DATASET_INVALID: {
    exit: 2,
    title: 'The data set cannot be read',
    fix: 'Write it in the format labelled-tensors/1 (examples/digits/README.md).',
  },
  TASK_MISFIT: {
    exit: 2,
    title: 'The task and its data set do not fit together',
    fix: 'Mend each place that is named in the subnet YAML.',
  },
  // the demo
  DEMO_OUT_NOT_EMPTY: {
    exit: 2,
    title: 'The output directory of the demo is not empty',
    fix: 'Name a new or empty directory after --out; nothing is overwritten.',
  },
  DEMO_PROCESS_DIED: {
    exit: 1,
    title: 'A process of the demo ended before its time',
    fix: 'Read the end of the log file that is named.',
  },
  DEMO_SETUP_FAILED: {
    exit: 1,
    title: 'The subnet of the demo could not be set up',
    fix: 'Run again with --out DIR and read the logs there.',
  },
  DEMO_TIMEOUT: {
    exit: 1,
    title: 'The demo did not come to its end in time',
    fix: 'The machine may be very busy: try again, or raise --timeout.',
  },
  // the machine
  PORT_TAKEN: {
    exit: 3,
    title: 'The port is already taken',
    fix: 'Choose another port, or stop the process that holds it.',
  },
  STORE_LOCKED: {
    exit: 3,
    title: 'The state directory is in use by another process',
    fix: 'Stop the other process, or choose another state directory.',
  },
  STORE_FAILED: {
    exit: 3,
    title: 'The state directory cannot be read or written',
    fix: 'Check that the disk is not full and that the directory is writable.',
  },
  STORE_CORRUPT: {
    exit: 3,
    title: 'The state directory was damaged and has been set aside',
    fix: 'Restore a backup in its place, or start again: the next start begins with an empty state.',
  },
  STATE_UNREADABLE: {
    exit: 3,
    title: 'The state was written by another version, or is damaged',
    fix: 'Use the version that wrote it, or choose another state directory.',
  },
  STATE_FOREIGN: {
    exit: 3,
    title: 'The state belongs to another validator, subnet or chain',
    fix: 'Name another stateDir, or go back to the wallet, subnet and chain that wrote this one.',
  },
  EVIDENCE_BROKEN: {
    exit: 1,
    title: 'The evidence does not hang together',
    fix: 'An entry was changed, left out or added after it was written; do not trust what follows it.',
  },
  NO_STATUS: {
    exit: 3,
    title: 'There is no status to show',
    fix: 'Start the validator once: subnet validator run --config FILE.',
  },
  // the chain
  ADDRESS_INVALID: {
    exit: 2,
    title: 'The text is not an IP address',
    fix: 'Give an IPv4 address such as 192.0.2.1, or an IPv6 address; names are not looked up.',
  },
  CHAIN_UNREACHABLE: {
    exit: 3,
    title: 'No chain endpoint can be reached',
    fix: 'Check the endpoint, that the node behind it runs (subnet chain dev starts one), and the network.',
  },
  CHAIN_TIMEOUT: {
    exit: 3,
    title: 'The chain did not answer in time',
    fix: 'Try again; if it stays so, use another endpoint or raise the request timeout.',
  },
  CHAIN_RPC: {
    exit: 4,
    title: 'The chain node answered a request with an error',
    fix: 'Look at the detail; an endpoint that prunes or filters requests may have to be replaced.',
  },
  CHAIN_NO_SUBNET: {
    exit: 2,
    title: 'The subnet does not exist on this chain',
    fix: 'Check netuid and endpoint: the subnet may live on another network.',
  },
  CHAIN_NO_BLOCK: {
    exit: 2,
    title: 'The chain has no such block, or no longer holds it',
    fix: 'Use a block that exists; for old blocks use an archive endpoint.',
  },
  CHAIN_UNSUPPORTED: {
    exit: 4,
    title: 'The runtime of this chain lacks something that is needed',
    fix: 'Update subnet-suite, or use an endpoint of a chain whose runtime has it.',
  },
  HYPERPARAMETER_VALUE: {
    exit: 2,
    title: 'The value of the hyperparameter does not fit',
    fix: 'Write a value of the kind and within the bounds that are named.',
  },
  HYPERPARAMETER_UNKNOWN: {
    exit: 2,
    title: 'There is no such hyperparameter',
    fix: 'See the list: subnet sudo get --netuid N, or docs/configuration.md.',
  },
  HYPERPARAMETER_REFUSED: {
    exit: 4,
    title: 'The chain refused the change of a hyperparameter',
    fix: 'See subnet spec plan for who may change it and when; what was changed before stays changed.',
  },
  HYPERPARAMETER_UNSEEN: {
    exit: 1,
    title: 'Whether the change of a hyperparameter took effect was not seen',
    fix: 'Run the command again: it reads the chain first and does only what is left.',
  },
  RULES_DIFFER: {
    exit: 4,
    title: 'The subnet YAML is not the one that the owner committed on chain',
    fix: "Get the owner's file, or set rules.onMismatch to warn if you mean to run another one.",
  },
  CHAIN_CLOSED: {
    exit: 1,
    title: 'The chain connection was closed',
    fix: 'Nothing to do when the process is stopping; otherwise report it.',
  },
  CHAIN_STATE_FOREIGN: {
    exit: 2,
    title: 'The state directory belongs to a chain with another genesis',
    fix: 'Use the genesis the state was made with, or choose an empty directory with --state.',
  },
  CHAIN_RUNTIME_INVALID: {
    exit: 3,
    title: 'The chain runtime cannot be read or started',
    fix: 'Reinstall the package, or rebuild the runtime with chain/build.sh.',
  },
  YUMA_FILE_INVALID: {
    exit: 2,
    title: 'The file of consensus cases cannot be read',
    fix: 'Name a JSON file in the format of test/vectors/yuma-cases.json.',
  },
  CHAIN_GENESIS_INVALID: {
    exit: 2,
    title: 'The genesis is not valid for this runtime',
    fix: 'Mend the named place of the genesis file.',
  },
  CHAIN_BLOCK_FAILED: {
    exit: 1,
    title: 'The runtime could not build a block',
    fix: 'This is a fault of the embedded chain: please report it with the log lines before it.',
  },
  // wallets
  WALLET_NOT_FOUND: {
    exit: 2,
    title: 'The wallet has no such key file',
    fix: 'Check wallet path, name and hotkey (subnet wallet list shows what is there), or make one: subnet wallet create.',
  },
  WALLET_EXISTS: {
    exit: 2,
    title: 'The key file exists already; key files are never overwritten',
    fix: 'Choose another wallet or hotkey name, or move the old file away yourself.',
  },
  WALLET_NAME_INVALID: {
    exit: 2,
    title: 'The wallet or hotkey name is not valid',
    fix: 'Use a plain name without slashes that does not start with a dot.',
  },
  WALLET_UNREADABLE: {
    exit: 3,
    title: 'The key file cannot be read',
    fix: 'Check owner and mode of the file: it should belong to you with mode 0600.',
  },
  WALLET_UNWRITABLE: {
    exit: 3,
    title: 'The key file cannot be written',
    fix: 'Check that the wallet folder is writable and the disk is not full.',
  },
  WALLET_COLDKEY_UNPROTECTED: {
    exit: 2,
    title: 'This release writes coldkeys without encryption only, and only when told to',
    fix: 'For keys without real funds pass --unencrypted-coldkey; else keep the coldkey elsewhere and pass --coldkey-address or --hotkey-only.',
  },
  KEYFILE_INVALID: {
    exit: 2,
    title: 'The key file is not a Bittensor key file',
    fix: 'Restore it from its phrase or from a backup.',
  },
  KEYFILE_ENCRYPTED: {
    exit: 2,
    title: 'The key file is encrypted; reading encrypted keys comes with the next release',
    fix: 'Miners and validators run with the unencrypted hotkey and coldkeypub.txt; sign what needs the coldkey (registration, stake) with the wallet tool that made it.',
  },
  KEYFILE_PUBLIC_ONLY: {
    exit: 2,
    title: 'The key file holds an address but no secret, so it cannot sign',
    fix: 'Use the key file that holds the secret.',
  },
  SURI_INVALID: {
    exit: 2,
    title: 'The secret URI is not valid',
    fix: 'Write words//hard/soft///password, 0x and 64 hex digits, or a development key such as //Alice.',
  },
  // the miner
  MODEL_UNREADABLE: {
    exit: 2,
    title: 'The model file cannot be read',
    fix: 'Check model.path in the miner YAML (relative to that file) and that it is readable.',
  },
  MODEL_HASH_MISMATCH: {
    exit: 2,
    title: 'The model file is not the one that the configuration names',
    fix: 'Put the right file there, or write the sha256 of this one into model.sha256.',
  },
  MODEL_INVALID: {
    exit: 2,
    title: 'ONNX Runtime does not take the model',
    fix: 'Check that the file is a whole ONNX model of an opset that ONNX Runtime supports.',
  },
  ENGINE_CUDA_MISSING: {
    exit: 3,
    title: 'The CUDA execution provider cannot be used',
    fix: 'Use the GPU image with the NVIDIA container runtime, or set engine.provider to cpu.',
  },
  ENGINE_FAILED: {
    exit: 3,
    title: 'The model process cannot be started',
    fix: 'Look at the log at level debug; check memory and that the model is whole.',
  },
  MINER_ADDRESS_REFUSED: {
    exit: 2,
    title: 'The chain would refuse this address for an axon',
    fix: 'Set server.externalIp to an address that validators can reach.',
  },
  MINER_NOT_REGISTERED: {
    exit: 4,
    title: 'The hotkey is not registered on the subnet',
    fix: 'Set announce.register to true, or register the hotkey with your own tools.',
  },
  MINER_REGISTRATION_FAILED: {
    exit: 4,
    title: 'The hotkey could not be registered',
    fix: 'Check the balance of the coldkey, announce.maxBurnTao and the chain error named.',
  },
  INTERNAL: {
    exit: 1,
    title: 'An unexpected error; this is a fault in subnet-suite',
    fix: 'Please report it with the log lines before it.',
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
