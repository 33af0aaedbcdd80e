// Runs a WASI program in Node.js: `node --no-warnings run.mjs PROGRAM.wasm [ARG]...`. It is given its
// arguments and the three standard streams, and nothing else.
import { readFile } from 'node:fs/promises';
import { WASI } from 'node:wasi';

const [, , path, ...args] = process.argv;
const wasi = new WASI({ version: 'preview1', args: [path, ...args], returnOnExit: true });
const program = await WebAssembly.compile(await readFile(path));
process.exitCode = wasi.start(await WebAssembly.instantiate(program, wasi.getImportObject()));
