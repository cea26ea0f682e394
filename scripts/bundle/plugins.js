// What is done to packages and chunks so that a run loads what it uses.
import { isBuiltin } from 'node:module';
import { fileURLToPath } from 'node:url';
import { lazily } from './lazily.js';

const WASM_BUDGET = fileURLToPath(new URL('../../src/undici/wasm-budget.ts', import.meta.url));

/** oclif loads all of itself for any part of it. */
const lazyOclif = {
  name: 'lazy-oclif',
  transform: { filter: { id: /@oclif\/core\/lib\/.*\.js$/ }, handler: (code) => lazily(code, () => true) },
};

/** Changes what one pattern finds in some files of a package; the build fails where another release has none of it. */
function edit(name, id, pattern, by) {
  const handler = (code, file) => {
    const made = code.replace(pattern, by);
    if (made === code) throw new Error(`${name}: ${file} has nothing to change`);
    return made;
  };
  return { name, transform: { filter: { id }, handler } };
}

/** oclif listens to standard output, for which Node has to make it; src/stdio.ts does so where it is used. */
const quietOclif = edit(
  'quiet-oclif',
  /@oclif\/core\/lib\/command\.js$/,
  /^process\.stdout\.on\('error'.*?^}\);$/ms,
  '',
);

/** What undici loads of Node for connections that regctl never makes, for defaults that it says, for what went wrong. */
const lightUndici = [
  edit(
    'lazy-http2',
    /undici\/lib\/dispatcher\/client\.js$/,
    /const connectH2 = (require\([^)]+\))/,
    'const connectH2 = (...args) => $1(...args)',
  ),
  edit(
    'lazy-header-size',
    /undici\/lib\/dispatcher\/client\.js$/,
    /const http = (require\([^)]+\))(.*?)const getDefaultNodeMaxHeaderSize = .*?\n\n/s,
    '$2const getDefaultNodeMaxHeaderSize = () => $1.maxHeaderSize\n\n',
  ),
  edit(
    'lazy-message',
    /undici\/lib\/core\/util\.js$/,
    /const { IncomingMessage } = (require\([^)]+\))(.*?=== )IncomingMessage\b/s,
    '$2$1.IncomingMessage',
  ),
  edit(
    'no-tiering',
    /undici\/lib\/dispatcher\/client-h1\.js$/,
    /^function lazyllhttp \(\) {$/m,
    `const lazyllhttp = () => require(${JSON.stringify(WASM_BUDGET)}).withoutTiering(compileLlhttp)\nfunction compileLlhttp () {`,
  ),
  // Its calls are all `assert(value, message)`, or the build says that nothing was found.
  edit(
    'lazy-assert',
    /undici\/lib\/(core\/(util|connect|request)|dispatcher\/client(-h1)?|api\/(readable|api-request))\.js$/,
    /const assert = (require\('node:assert'\))(?!.*\bassert[.,;)])/s,
    'const assert = (value, message) => { if (!value) $1(value, message) }',
  ),
];

/** jsonwebtoken asks semver for what is so on every Node that regctl runs on. */
const knownNode = {
  name: 'known-node',
  transform: {
    filter: { id: /jsonwebtoken\/lib\/(ps|asymmetricKeyDetails|rsaPssKeyDetails)Supported\.js$/ },
    handler: () => 'module.exports = true;',
  },
};

/** Of each package.json, ours included, what is read of it; what else it has would be compiled at every start. */
const shortManifests = {
  name: 'short-manifests',
  transform: {
    filter: { id: /\/package\.json$/ },
    handler(code) {
      const { name, version, description, type, bin, oclif } = JSON.parse(code);
      return JSON.stringify({ name, version, description, type, bin, oclif });
    },
  },
};

/**
 * Node's own modules take milliseconds each, and a chunk holds much that one of its users needs. Replicas need no SQLite,
 * and where it cannot be loaded its user says so.
 */
const lazyChunks = {
  name: 'lazy-chunks',
  renderChunk: (code) =>
    lazily(code, (from) => isBuiltin(from) || from === 'libsql/promise' || from.startsWith('./')),
};

/** Read as bytes where each is a character; V8 takes less time for it, too. */
const ascii = {
  name: 'ascii',
  generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle)) {
      chunk.code = chunk.code.replace(
        /[\u0080-\uffff]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
      );
    }
  },
};

/** All of them, in order. */
export const plugins = [lazyOclif, quietOclif, ...lightUndici, knownNode, shortManifests, lazyChunks, ascii];
