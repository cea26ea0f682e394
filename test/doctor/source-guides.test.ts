// The guides' own code: what the source checks say of every block, each taken for a service of its own, and of all together.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { examineFiles, findingsOf } from './source/examine.js';

function blocksOf(guide: string): string[] {
  const text = readFileSync(new URL(`../guides/${guide}.md`, import.meta.url), 'utf8');
  return [...text.matchAll(/```python\n(.*?)```/gs)].map(([, code = '']) => code);
}

const BLOCKS: Record<string, { about: string; found: string[] }[]> = {
  'service-integration-guide': [
    // A block that has the URL of the Coordinator, and alone sends no heartbeat.
    { about: 'settings', found: ['HEARTBEAT_MISSING main.py:6'] },
    // What it posts it was handed: the message is judged where it is made.
    { about: 'calling another service', found: ['HEARTBEAT_MISSING main.py:9'] },
    { about: 'receiving requests', found: ['TOKEN_SCHEME_IGNORED main.py:10'] },
    { about: "DON'T do this", found: ['ADDRESS_HARDCODED main.py:2'] },
    { about: 'DO this', found: ['HEARTBEAT_MISSING main.py:5'] },
    { about: 'a message with its trace_id', found: ['HEARTBEAT_MISSING main.py:9'] },
    { about: 'receiving messages, behind verify_jwt', found: [] },
    { about: 'trace ids, in a handler that takes any caller', found: ['TOKEN_NOT_VERIFIED main.py:6'] },
    { about: 'the heartbeat loop', found: [] },
  ],
  'service-registry-integration-guide': [
    { about: 'the registry client', found: [] },
    { about: 'the lifespan', found: [] },
    { about: 'the minimal service', found: [] },
    { about: 'discovering', found: [] },
    { about: 'logging', found: [] },
  ],
};

describe.each(Object.entries(BLOCKS))('the %s', (guide, expected) => {
  const blocks = blocksOf(guide);

  it('has the blocks that are expected here', () => {
    expect(blocks).toHaveLength(expected.length);
  });

  it.each(expected.map((each, index) => ({ ...each, index })))('$about', async ({ index, found }) => {
    expect(findingsOf(await examineFiles({ 'main.py': blocks[index] ?? '' }))).toEqual(found);
  });

  it('is, all blocks together, well but for what it says itself not to do', async () => {
    const files = Object.fromEntries(blocks.map((code, index) => [`block${index}.py`, code]));
    expect(findingsOf(await examineFiles(files))).toEqual(
      guide === 'service-integration-guide'
        ? ['TOKEN_SCHEME_IGNORED block2.py:10', 'ADDRESS_HARDCODED block3.py:2']
        : [],
    );
  });
});

it('what the guides ask for is seen, not only not missed', async () => {
  const both = Object.keys(BLOCKS).flatMap((guide) => blocksOf(guide));
  const { rules } = await examineFiles(Object.fromEntries(both.map((code, at) => [`b${at}.py`, code])));
  const seen = [...rules].map(([id, rule]) => `${id}: ${rule.applies ? rule.seen : rule.why}`);
  expect(seen).toEqual([
    'source.no-hardcoded-addresses: no address of a service in a call or a URL',
    'source.no-hardcoded-secrets: no signing secret is written down',
    'source.trace-id: messages: 2 with a trace_id, 1 sent as handed in, judged where made',
    'source.heartbeat: a heartbeat every 30 s, b8.py:17',
    'source.deregisters: registers at b10.py:52, deregisters at b10.py:95',
    'source.verifies-token: POST /message at b2.py:16, tokens checked at b2.py:11',
  ]);
});
