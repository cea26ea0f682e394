import { describe, expect, it } from 'vitest';
import { envelope, traceparent } from '../../src/messaging/envelope.js';
import { mintToken } from '../../src/messaging/token.js';
import { Secret } from '../../src/secret.js';
import { verifyHs256 } from '../support/hs256.js';

describe('envelope', () => {
  it('has a trace id of its own unless one is given', () => {
    const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
    expect(envelope('query', { a: 1 }, 't-1')).toEqual({ type: 'query', payload: { a: 1 }, trace_id: 't-1' });
    const [one, two] = [envelope('event', {}, undefined), envelope('event', {}, undefined)];
    expect(one.trace_id).toMatch(uuid);
    expect(two.trace_id).not.toBe(one.trace_id);
  });
});

describe('traceparent (Trace Context, section 3.2)', () => {
  const VALID = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01$/;
  it.each([
    ['a UUID is the trace', '0F8FAD5B-D9CB-469F-A165-70867728950E', '0f8fad5bd9cb469fa16570867728950e'],
    ['32 hex digits are', '0f8fad5bd9cb469fa16570867728950e', '0f8fad5bd9cb469fa16570867728950e'],
    ['anything else is hashed', 'abc-123', '5942d94f524882e0f29bf0a1e5a6dcc9'],
  ])('%s', (_, traceId, trace) => {
    expect(traceparent(traceId)).toMatch(VALID);
    expect(traceparent(traceId).split('-')[1]).toBe(trace);
  });

  it('is never the invalid trace of all zeros, and has a span of its own each time', () => {
    const zeros = '00000000-0000-0000-0000-000000000000';
    expect(traceparent(zeros)).toMatch(VALID);
    expect(traceparent(zeros).split('-')[1]).toBe(traceparent(zeros).split('-')[1]);
    expect(traceparent(zeros).split('-')[2]).not.toBe(traceparent(zeros).split('-')[2]);
  });
});

it('a token says the service id it was minted for, whatever claims come along', () => {
  const secret = new Secret('k'.repeat(32), 'test');
  const claims = { service_id: 1, exp: 1, role: 'reader' };
  const token = mintToken({ service_id: 42, ttl_s: 60, claims }, secret, 1_000_000);
  expect(verifyHs256(token, 'k'.repeat(32), 1_001)).toEqual({
    service_id: 42,
    iat: 1_000,
    exp: 1_060,
    role: 'reader',
  });
});
