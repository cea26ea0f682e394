import { expect, test } from 'vitest';
import type { Serving } from '../../src/operations/serve.js';
import { serveView } from '../../src/render/serve.js';
import { PLAIN } from '../../src/render/style.js';

const SERVING: Serving = {
  url: 'http://127.0.0.1:8082',
  auth: 'jwt',
  read_only: false,
  data_dir: null,
  engines: null,
  samples: [],
  secret_file: null,
};

const PAPER = { style: PLAIN, width: 80, wide: false, now: 0 };

test('who may change anything is said once: with a token, or nobody', () => {
  const said = (read_only: boolean) => serveView.text({ ...SERVING, read_only }, PAPER).split('\n')[0];
  expect(said(false)).toContain('changes need a token');
  expect(said(true)).toBe('Serving on http://127.0.0.1:8082: read-only; kept in memory only.');
});
