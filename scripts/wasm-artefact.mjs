#!/usr/bin/env node
// Proves that a committed .wasm and the source beside it belong together.
//
//   wasm-artefact.mjs digest --root DIR --inputs FILE
//       prints the sha256 over every input file (path and content)
//   wasm-artefact.mjs stamp --root DIR --inputs FILE --toolchain TEXT --wasm FILE
//       puts (or replaces) the custom section `subnet_source` with digest and toolchain
//   wasm-artefact.mjs check --root DIR --inputs FILE --wasm FILE [--build 'COMMAND']
//                           [--require-rebuild]
//       compares the digest inside the artefact with the source's. With --build also rebuilds when
//       the toolchain named inside the artefact is here, and compares bytes; COMMAND gets
//       `--out FILE` appended and exits 3 when it has no toolchain. Says which of the two it did.
//
// FILE of --inputs is JSON: {"paths": ["folder-or-file", ...], "exclude": ["name", ...]}, paths
// relative to --root, folders taken whole, `exclude` naming files or folders at any depth.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { parseArgs } from 'node:util';

const SECTION = 'subnet_source';
const NO_TOOLCHAIN = 3;

/** Every input file as a path relative to the root, sorted by bytes. */
function inputFiles(root, { paths, exclude = [] }) {
  const found = new Set();
  const visit = (path) => {
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path)) if (!exclude.includes(name)) visit(join(path, name));
    } else {
      found.add(relative(root, path).split(sep).join('/'));
    }
  };
  for (const path of paths) visit(join(root, path));
  return [...found].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** sha256 over `path NUL length NUL content` of every input. */
function sourceDigest(root, inputs) {
  const hash = createHash('sha256');
  for (const file of inputFiles(root, inputs)) {
    const content = readFileSync(join(root, file));
    hash.update(`${file}\0${content.length}\0`);
    hash.update(content);
  }
  return hash.digest('hex');
}

function readLeb(bytes, start) {
  let value = 0;
  for (let i = 0; i < 5; i += 1) {
    const byte = bytes[start + i];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, next: start + i + 1 };
  }
  throw new Error('not a WebAssembly module: bad length');
}

function leb(value) {
  const out = [];
  let rest = value;
  do {
    const byte = rest & 0x7f;
    rest >>>= 7;
    out.push(rest === 0 ? byte : byte | 0x80);
  } while (rest !== 0);
  return Buffer.from(out);
}

/** Splits a module into its header and sections; `name` is set for custom sections. */
function parseModule(bytes) {
  if (bytes.length < 8 || bytes.readUInt32LE(0) !== 0x6d736100) {
    throw new Error('not a WebAssembly module');
  }
  const sections = [];
  for (let at = 8; at < bytes.length;) {
    const { value: size, next } = readLeb(bytes, at + 1);
    const section = {
      whole: bytes.subarray(at, next + size),
      body: bytes.subarray(next, next + size),
    };
    if (bytes[at] === 0) {
      const { value: length, next: nameAt } = readLeb(section.body, 0);
      section.name = section.body.toString('utf8', nameAt, nameAt + length);
      section.content = section.body.subarray(nameAt + length);
    }
    sections.push(section);
    at = next + size;
  }
  return { header: bytes.subarray(0, 8), sections };
}

function customSection(name, content) {
  const label = Buffer.from(name);
  const body = Buffer.concat([leb(label.length), label, content]);
  return Buffer.concat([Buffer.from([0]), leb(body.length), body]);
}

function stampOf(bytes) {
  const section = parseModule(bytes).sections.find((s) => s.name === SECTION);
  if (section === undefined) throw new Error(`the artefact has no section ${SECTION}`);
  return JSON.parse(section.content.toString('utf8'));
}

function stamp({ root, inputs, toolchain, wasm }) {
  const { header, sections } = parseModule(readFileSync(wasm));
  const kept = sections.filter((s) => s.name !== SECTION).map((s) => s.whole);
  const note = JSON.stringify({ source: sourceDigest(root, inputs), toolchain });
  const section = customSection(SECTION, Buffer.from(note));
  writeFileSync(wasm, Buffer.concat([header, ...kept, section]));
}

/** 'same', 'different', or why it could not be told. */
function rebuild(command, wasm) {
  const dir = mkdtempSync(join(tmpdir(), 'wasm-artefact-'));
  try {
    const out = join(dir, 'rebuilt.wasm');
    const run = spawnSync('bash', ['-c', `${command} --out "$1"`, 'rebuild', out], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    if (run.status === NO_TOOLCHAIN) return 'no toolchain here';
    if (run.status !== 0) throw new Error(`the build ended with ${run.status ?? run.signal}`);
    const here = stampOf(readFileSync(out)).toolchain;
    const there = stampOf(readFileSync(wasm)).toolchain;
    if (here !== there) return `another toolchain here (${here}; the artefact: ${there})`;
    return readFileSync(out).equals(readFileSync(wasm)) ? 'same' : 'different';
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Returns the exit code. */
function check({ root, inputs, wasm, build, requireRebuild }) {
  const source = sourceDigest(root, inputs);
  const inside = stampOf(readFileSync(wasm));
  const name = relative(root, wasm);
  if (inside.source !== source) {
    console.error(
      `${name}: built from other sources (inside ${inside.source}, here ${source}); build it again`,
    );
    return 1;
  }
  console.log(`${name}: source digest agrees (${source})`);
  if (build === undefined) {
    console.log(`${name}: not rebuilt (no build command given)`);
    return requireRebuild ? 1 : 0;
  }
  const result = rebuild(build, wasm);
  if (result === 'same') console.log(`${name}: rebuilt, the bytes agree (${inside.toolchain})`);
  else if (result === 'different')
    console.error(`${name}: rebuilt with the same toolchain, the bytes differ`);
  else console.log(`${name}: not rebuilt: ${result}`);
  if (result === 'same') return 0;
  return result === 'different' || requireRebuild ? 1 : 0;
}

function main() {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      root: { type: 'string' },
      inputs: { type: 'string' },
      wasm: { type: 'string' },
      toolchain: { type: 'string' },
      build: { type: 'string' },
      'require-rebuild': { type: 'boolean', default: false },
    },
  });
  const inputs = JSON.parse(readFileSync(values.inputs, 'utf8'));
  const options = { ...values, inputs, requireRebuild: values['require-rebuild'] };
  switch (positionals[0]) {
    case 'digest':
      console.log(sourceDigest(values.root, inputs));
      return 0;
    case 'stamp':
      stamp(options);
      return 0;
    case 'check':
      return check(options);
    default:
      console.error('wasm-artefact: say digest, stamp or check');
      return 2;
  }
}

try {
  process.exitCode = main();
} catch (error) {
  console.error(`wasm-artefact: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
