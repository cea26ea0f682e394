// What is signed here is what jsonwebtoken would have signed, byte for byte.
import jwt from 'jsonwebtoken';
import { expect, it } from 'vitest';
import { mintToken } from '../../src/messaging/token.js';
import { Secret } from '../../src/secret.js';

const NOW_MS = 1_700_000_000_999;
const IAT = 1_700_000_000;

it.each([
  ['a secret of 32 bytes', 's'.repeat(32)],
  ['one of a block of SHA-256', 's'.repeat(64)],
  ['one that is longer, which is hashed first', 's'.repeat(1000)],
  ['one of a byte', 's'],
  ['one beyond ASCII', 'geheim-ключ-🔑-'.repeat(3)],
])('%s signs as with jsonwebtoken', (_, text) => {
  const claims = { role: 'reader', name: 'Zoë 🔑', nested: { list: [1, null, '"'] } };
  const token = mintToken({ service_id: 42, ttl_s: 60, claims }, new Secret(text, 'a test'), NOW_MS);
  const payload = { ...claims, service_id: 42, iat: IAT, exp: IAT + 60 };
  expect(token).toBe(jwt.sign(payload, text, { algorithm: 'HS256' }));
});
