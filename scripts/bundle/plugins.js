// What is done to packages and chunks so that a run loads what it uses.
import { isBuiltin } from 'node:module';
import { lazily } from './lazily.js';

/** oclif loads all of itself for any part of it. */
const lazyOclif = {
  name: 'lazy-oclif',
  transform: { filter: { id: /@oclif\/core\/lib\/.*\.js$/ }, handler: (code) => lazily(code, () => true) },
};

/** undici loads node:http2 for connections that regctl never makes. */
const lazyHttp2 = {
  name: 'lazy-http2',
  transform: {
    filter: { id: /undici\/lib\/dispatcher\/client\.js$/ },
    handler: (code) =>
      code.replace(/const connectH2 = (require\([^)]+\))/, 'const connectH2 = (...args) => $1(...args)'),
  },
};

/** jsonwebtoken asks semver for what is so on every Node that regctl runs on. */
const knownNode = {
  name: 'known-node',
  transform: {
    filter: { id: /jsonwebtoken\/lib\/(ps|asymmetricKeyDetails|rsaPssKeyDetails)Supported\.js$/ },
    handler: () => 'module.exports = true;',
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
export const plugins = [lazyOclif, lazyHttp2, knownNode, lazyChunks, ascii];
