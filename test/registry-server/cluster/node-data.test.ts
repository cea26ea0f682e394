// The data of a node: what is written, and what is made of what anybody may have written.
import { describe, expect, it } from 'vitest';
import { nodeData, readNode } from '../../../src/registry-server/cluster/node-data.js';
import type { Registration } from '../../../src/registry-server/registration.js';

const REGISTRATION: Registration = {
  service: 'asr',
  id: 'asr-1',
  url: 'http://asr:8000',
  healthUrl: null,
  metadata: {},
  declared: null,
  serviceId: null,
  owner: null,
  registeredFrom: '10.0.0.1',
  registeredAt: '2026-11-21T20:00:00.000Z',
  incarnation: 7,
  revision: 9,
  state: 'down',
  beats: true,
};

const read = (node: unknown, id = 'asr-1') =>
  readNode('asr', id, Buffer.from(typeof node === 'string' ? node : JSON.stringify(node)));

describe('a node of ours', () => {
  it('says the state in the word that a deployed Config Service knows, and metadata wins over nothing', () => {
    const metadata = {
      zone: 'a',
      status: 'healthy',
      regctl: 1,
      instance_id: 'x',
      health_check_url: 'http://x',
    };
    expect(JSON.parse(nodeData({ ...REGISTRATION, metadata }).toString())).toEqual({
      zone: 'a',
      status: 'unhealthy',
      regctl: 7,
      instance_id: 'asr-1',
      service_url: 'http://asr:8000',
    });
  });

  it('is known by its mark', () => {
    expect(readNode('asr', 'asr-1', nodeData(REGISTRATION))).toEqual({ kind: 'own', incarnation: 7 });
  });
});

describe('a node of a deployed Config Service', () => {
  it('is the registration that it was written for', () => {
    const node = {
      health_check_url: 'http://asr:8000/health',
      zone: 'ä',
      service_id: 42,
      status: 'stopping',
      instance_id: 'asr-1',
      service_url: 'http://asr:8000',
    };
    expect(read(node)).toEqual({
      kind: 'foreign',
      told: {
        service: 'asr',
        id: 'asr-1',
        url: 'http://asr:8000',
        healthUrl: 'http://asr:8000/health',
        metadata: { zone: 'ä', service_id: 42, status: 'stopping' },
        serviceId: 42,
      },
    });
  });

  it('may lack whatever is optional', () => {
    expect(read({ health_check_url: null, service_url: 'http://asr:8000' })).toMatchObject({
      kind: 'foreign',
      told: { healthUrl: null, metadata: {}, serviceId: null },
    });
  });
});

describe('a node that is no registration', () => {
  const url = { service_url: 'http://asr:8000' };
  it.each<[what: string, node: unknown, why: RegExp]>([
    ['text', 'hello', /^it is not JSON$/],
    ['nothing', '', /^it is not JSON$/],
    ['a list', [], /^it is not a JSON object$/],
    ['null', null, /^it is not a JSON object$/],
    ['an object without an address', {}, /^service_url: field required$/],
    ['of an address with credentials', { service_url: 'http://a:b@c' }, /^service_url: must not contain/],
    ['of no address', { service_url: 42 }, /^service_url: /],
    [
      'of a health check elsewhere than in HTTP',
      { ...url, health_check_url: 'file:///x' },
      /^health_check_url: /,
    ],
    ['of a word that is no status', { ...url, status: 'bogus' }, /^status: must be one of /],
    ['of a status that is no word', { ...url, status: 1 }, /^status: /],
    ['of another id', { ...url, instance_id: 'asr-2' }, /^its instance_id is of another$/],
    ['of more metadata than may be', { ...url, note: 'x'.repeat(16_384) }, /at most 16384 bytes/],
    ['of 1 MB', { ...url, note: 'x'.repeat(1_000_000) }, /^it has 10000\d\d bytes$/],
    [
      'nested deeply',
      `{"service_url":"http://a:1","x":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
      /deeper/,
    ],
    ['with a mark that is no incarnation', { ...url, regctl: 'x', status: 'bogus' }, /^status: /],
  ])('because it is %s', (_, node, why) => {
    expect(read(node)).toEqual({ kind: 'unusable', why: expect.stringMatching(why) });
  });
});
