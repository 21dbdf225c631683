export interface ErrorEntry {
  /**
   * Process exit code: 1 failed, 2 wrong input, 3 the environment, 4 the chain refused, 130
   * cancelled, as shells have it.
   */
  readonly exit: 1 | 2 | 3 | 4 | 130;
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
    fix: 'Check the path that was given and that the file is readable.',
  },
  CONFIG_INVALID: {
    exit: 2,
    title: 'The configuration is not valid',
    fix: 'Mend each place that is listed with its file, line and column.',
  },
  CONFIG_UNWRITABLE: {
    exit: 3,
    title: 'The configuration file cannot be changed',
    fix: 'Nothing was changed. Make the file and its folder writable, or write the values by hand.',
  },
  CONFIG_UNEDITABLE: {
    exit: 2,
    title: 'The configuration file is written in a way that cannot be edited',
    fix: 'Nothing was changed. Write the values that are shown into the file by hand.',
  },
  USAGE: {
    exit: 2,
    title: 'The command line is not valid',
    fix: 'See the help of the command: subnet <command> --help.',
  },
  CANCELLED: {
    exit: 130,
    title: 'The command was cancelled; nothing more was done',
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
  PORT_FORBIDDEN: {
    exit: 3,
    title: 'This user may not open the port',
    fix: 'Choose a port from 1024 on, or give the process the right to open lower ones (CAP_NET_BIND_SERVICE).',
  },
  ADDRESS_NOT_HERE: {
    exit: 3,
    title: 'This machine cannot listen on the address',
    fix: 'Name an address of this machine, or 0.0.0.0 for all that it has. The address at which others reach a miner behind a router is server.externalIp.',
  },
  TLS_INVALID: {
    exit: 2,
    title: 'The TLS certificate or its key cannot be used',
    fix: 'Give PEM files of one Ed25519 or P-256 key: openssl req -x509 -newkey ed25519 -nodes -keyout key.pem -out cert.pem -days 3650 -subj /CN=axon makes both.',
  },
  STORE_LOCKED: {
    exit: 3,
    title: 'The state directory is in use by another process',
    fix: 'Stop the other process, or choose another state directory.',
  },
  STORE_FAILED: {
    exit: 3,
    title: 'The state directory cannot be read or written',
    fix: 'Look at the detail: a full disk or a directory that is not writable is mended there; for a file that is missing or cut off, restore a backup, or move the directory away.',
  },
  STORE_BUSY: {
    exit: 3,
    title: 'The validator holds its state, and does not answer',
    fix: 'Try again in a moment: it is just starting or stopping, or waits for its chain (its log tells). With metrics.enabled: false it can only be asked when it is stopped.',
  },
  STORE_CORRUPT: {
    exit: 3,
    title: 'The state directory is damaged',
    fix: 'Restore a backup in its place, or begin with an empty state: start again when it has been set aside (setAside tells where), otherwise move the directory away first.',
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
  HOTKEY_SHARED: {
    exit: 3,
    title: 'Somebody else sends weights with this hotkey',
    fix: 'Find and stop the other node: two nodes on one hotkey overwrite each other. Was it you, or is the state an old copy, vouch for it once: subnet validator run --adopt. Was it not, replace the hotkey.',
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
  // upstream servers
  UPSTREAM_MODEL: {
    exit: 2,
    title: 'An upstream server does not serve the model that is pinned',
    fix: 'Load the right model there, take the server out of backend.urls, or correct what backend pins: sha256, interface, pin.fingerprint.',
  },
  UPSTREAM_UNREACHABLE: {
    exit: 3,
    title: 'No upstream server is ready',
    fix: 'Check backend.urls and that the servers have loaded the model; with backend.interface the miner starts before them.',
  },
  UPSTREAM_KEY: {
    exit: 2,
    title: 'The key of the upstream servers cannot be read',
    fix: 'Put it into the environment variable or the file that backend.apiKey names.',
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
  CHAIN_FOREIGN: {
    exit: 2,
    title: 'The endpoint serves another chain than the one that is meant',
    fix: 'Give endpoints of one network only; the detail shows the genesis hash that each one has.',
  },
  CHAIN_RUNTIME_CHANGED: {
    exit: 3,
    title: 'The runtime of the chain was exchanged while it was being read',
    fix: 'Try again: the next read uses the names of the new runtime.',
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
  HYPERPARAMETERS_LEFT: {
    exit: 4,
    title: 'Not all hyperparameters are on chain as the YAML wants them',
    fix: 'The reasons stand beside them; run subnet spec apply again when they are gone, or change the YAML.',
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
  // operators' transactions
  HOTKEY_NOT_REGISTERED: {
    exit: 4,
    title: 'The hotkey is not registered on the subnet',
    fix: 'Register it (subnet subnets register --netuid N), or check --netuid, --hotkey and --network.',
  },
  NOT_OWNER: {
    exit: 4,
    title: 'Only the owner of the subnet may do this',
    fix: 'Name the wallet that holds the owner coldkey with --wallet-name; subnet subnets show tells who it is.',
  },
  NOT_OWNER_HOTKEY: {
    exit: 4,
    title: 'Only the hotkey of the owner of the subnet may do this',
    fix: 'Name the wallet with --wallet-name and the hotkey with --hotkey; the detail tells which one it is.',
  },
  ROOT_ONLY: {
    exit: 4,
    title: 'Only root may do this, not the owner of the subnet',
    fix: 'On a development chain pass --sudo with the wallet of its root key; on a public chain it stays as it is.',
  },
  BALANCE_TOO_LOW: {
    exit: 4,
    title: 'The free balance of the coldkey does not suffice',
    fix: 'Transfer TAO to the coldkey, or ask for less; subnet wallet balance shows what is there.',
  },
  STAKE_TOO_LOW: {
    exit: 4,
    title: 'The stake does not suffice',
    fix: 'Ask for less, or add stake; subnet stake list shows what is there.',
  },
  AMOUNT_TOO_LOW: {
    exit: 4,
    title: 'The amount is less than the chain takes',
    fix: 'Give more, or all of it (--all) when stake is removed.',
  },
  PRICE_LIMIT: {
    exit: 4,
    title: 'The price is beyond the limit that was given',
    fix: 'Wait for a better price, or give another limit (--max-burn, --limit-price, --tolerance).',
  },
  CALL_TOO_SOON: {
    exit: 4,
    title: 'The chain does not take this yet',
    fix: 'Run the command again from the block that is named on.',
  },
  CALL_REFUSED: {
    exit: 4,
    title: 'The chain would refuse this; nothing was signed',
    fix: 'Remove the cause that is named; --dry-run shows every cause at once.',
  },
  TX_REFUSED: {
    exit: 4,
    title: 'The chain refused the transaction',
    fix: 'Look at the name of the chain error; nothing but a fee may have been spent.',
  },
  TX_UNKNOWN: {
    exit: 1,
    title: 'The transaction was sent, and its fate was not seen',
    fix: 'It may still take effect: look at the chain before you send it again.',
  },
  EFFECT_NOT_SEEN: {
    exit: 4,
    title: 'The transaction is in a block, but the chain does not show what it should have done',
    fix: 'Look at the block and the extrinsic that are named before you send it again.',
  },
  SALT_FILE_INVALID: {
    exit: 2,
    title: 'The file with the salt of a weight commit cannot be used',
    fix: 'Name the file that subnet weights commit wrote, unchanged.',
  },
  SALT_FILE_UNWRITABLE: {
    exit: 3,
    title: 'The file with the salt cannot be written, so nothing was committed',
    fix: 'Name a file that does not exist, in a folder that can be written and on a disk with room, after --salt-file.',
  },
  // wallets
  WALLET_NOT_FOUND: {
    exit: 2,
    title: 'The wallet has no such key file',
    fix: 'Check wallet path, name and hotkey (subnet wallet list shows what is there), or make one: subnet wallet create.',
  },
  WALLET_EXISTS: {
    exit: 2,
    title: 'The key file exists already; nothing is overwritten',
    fix: 'Choose another wallet or hotkey name, move the old file away, or name it when its key may be lost for ever: --overwrite coldkey, --overwrite hotkeys/NAME.',
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
  KEYFILE_INVALID: {
    exit: 2,
    title: 'The key file is not a Bittensor key file',
    fix: 'Restore it from its phrase or a backup: subnet wallet regen-coldkey, regen-hotkey, or for an address alone regen-coldkeypub.',
  },
  KEYFILE_ENCRYPTED: {
    exit: 2,
    title: 'The key file is encrypted, and a node asks for no password',
    fix: 'A miner or validator runs with its hotkey in the clear (subnet wallet decrypt --key hotkey) and with coldkeypub.txt; what needs the coldkey is done with commands that ask for its password, such as subnet stake and subnet subnets register.',
  },
  KEYFILE_PASSWORD: {
    exit: 2,
    title: 'The password is wrong, or the key file is damaged',
    fix: 'Try again; if the password is right, restore the file from its phrase: subnet wallet regen-coldkey --overwrite coldkey, or regen-hotkey --overwrite hotkeys/NAME.',
  },
  KEYFILE_MEMORY: {
    exit: 3,
    title: 'There is not enough memory for the password of a key file',
    fix: 'Give this machine or container 1 GiB, or open the key on another machine; miners and validators need no coldkey.',
  },
  PASSWORD_WEAK: {
    exit: 2,
    title: 'The new password is too weak',
    fix: 'Take at least 6 characters that are not easy to guess; several words are best.',
  },
  PASSWORD_VARIABLE_INVALID: {
    exit: 2,
    title: 'The environment variable does not hold an encoded password',
    fix: 'Its value is base64 of the password XORed with the name of the variable, as the Bittensor wallet saves it; for a password as it is typed use BT_WALLET_PASSWORD_FILE.',
  },
  PASSWORD_FILE_UNREADABLE: {
    exit: 2,
    title: 'The password file cannot be read, or is empty',
    fix: 'Check the path: the file holds the password on one line, mode 0600.',
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
  // timelocked commits
  TIMELOCK_KEY_INVALID: {
    exit: 3,
    title: "The beacon's public key is not one to encrypt to",
    fix: 'It is read from the chain (Drand.BeaconConfig): check that the endpoint is the chain you mean.',
  },
  TIMELOCK_TOO_LONG: {
    exit: 2,
    title: 'The timelocked commit is longer than the chain takes',
    fix: 'Commit fewer uids: each takes four bytes.',
  },
  TIMELOCK_NOT_OPENED: {
    exit: 1,
    title: 'The timelocked bytes cannot be opened',
    fix: 'Use the signature of the round that they were made for, from the same beacon.',
  },
  SUBNET_NO_EPOCHS: {
    exit: 4,
    title: 'The subnet runs no epochs, so a commit would never be revealed',
    fix: 'Its tempo is 0: the owner has to set one (AdminUtils.sudo_set_tempo).',
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
  MODEL_MISFIT: {
    exit: 2,
    title: 'The steps of the manifest do not fit the network',
    fix: 'Mend the steps in manifest.yaml: names, datatypes and shapes are those of the ONNX file.',
  },
  MODEL_REPOSITORY_INVALID: {
    exit: 2,
    title: 'The model repository cannot be used',
    fix: 'Mend each place that is listed; see docs/models.md for the layout of a repository.',
  },
  MODEL_UNKNOWN: {
    exit: 2,
    title: 'There is no such model, or no such version of it',
    fix: 'See what there is: subnet miner models stored --config miner.yaml.',
  },
  MODEL_ALIAS_INVALID: {
    exit: 2,
    title: 'That name is an alias, not a model',
    fix: 'Name the model itself: subnet miner models list shows what is loaded.',
  },
  MODEL_IN_USE: {
    exit: 4,
    title: 'A name stands for what would be unloaded',
    fix: 'Let the name stand for another version, or take it away: subnet miner models alias or canary.',
  },
  MODEL_ASSET_INVALID: {
    exit: 2,
    title: 'A file that the manifest names cannot be used',
    fix: 'Put the file there that its sha256 names, of the kind that the step asks for.',
  },
  ADMIN_NOT_LOOPBACK: {
    exit: 2,
    title: 'The admin port may only listen on a loopback address',
    fix: 'Set admin.host to 127.0.0.1 or ::1, and reach it from elsewhere through a tunnel (ssh -L).',
  },
  ADMIN_UNREACHABLE: {
    exit: 3,
    title: 'No admin port answers there',
    fix: 'Set admin.enabled to true in the miner YAML, start the miner, and run this on its machine.',
  },
  ADMIN_REFUSED: {
    exit: 4,
    title: 'The miner refused the command',
    fix: 'Do what the reason says. Only the hotkey of the miner and the keys in admin.keys may give commands.',
  },
  ENGINE_CUDA_MISSING: {
    exit: 3,
    title: 'The execution provider of the device cannot be used',
    fix: 'Use the GPU image with the NVIDIA container runtime, or set engine.provider to cpu.',
  },
  ENGINE_MEMORY: {
    exit: 3,
    title: 'The model takes more device memory than it may',
    fix: 'Raise engine.memoryLimitMib, or lower engine.maxBatch; the limit needs nvidia-smi.',
  },
  ENGINE_FAILED: {
    exit: 3,
    title: 'The model process cannot be started',
    fix: 'Look at the log at level debug; check memory and that the model is whole.',
  },
  BENCH_NOT_YOURS: {
    exit: 2,
    title: 'A load on a miner that is not known to be yours would be an attack',
    fix: 'Its hotkey is in no wallet here and its address is not of this machine: if it is yours all the same, pass --i-own-this-miner.',
  },
  BENCH_NO_ANSWER: {
    exit: 1,
    title: 'The miner does not answer a single request, so no load was put on it',
    fix: 'Mend what it says. For a caller that is not admitted: a miner of this suite lets in whom admission.allow names. Just started, it refuses all for two seconds.',
  },
  BENCH_INPUT_INVALID: {
    exit: 2,
    title: 'There are no requests that could be sent',
    fix: 'Name a file with --input that holds a request as the miner takes it, one JSON object or one a line.',
  },
  TUNE_FAILED: {
    exit: 1,
    title: 'No setting of the engine could be measured',
    fix: 'See what each run said; a model with free inner axes may need another --free-axis.',
  },
  TUNE_TARGET_MISSED: {
    exit: 1,
    title: 'No setting keeps the p99 that was asked for',
    fix: 'Ask for a longer one with --target-p99-ms, or give the model a faster device.',
  },
  OUTPUT_UNWRITABLE: {
    exit: 3,
    title: 'The file cannot be written',
    fix: 'Name a file in a folder that exists and that you may write to.',
  },
  MINER_ADDRESS_REFUSED: {
    exit: 2,
    title: 'The chain would refuse this address for an axon',
    fix: 'Set server.externalIp to an address that validators can reach.',
  },
  MINER_STOPPING: {
    exit: 4,
    title: 'The miner stops',
    fix: 'Give the command again once it runs.',
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
