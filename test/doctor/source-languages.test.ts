// Small pieces of code in each language, and exactly what is found in them.
import { describe, expect, it } from 'vitest';
import { examineFiles, findingsOf } from './source/examine.js';
import { GO } from './source/go.js';
import { JAVA } from './source/java.js';
import { JAVASCRIPT } from './source/javascript.js';
import { PYTHON } from './source/python.js';
import { TYPESCRIPT } from './source/typescript.js';

describe.each([
  ['Python', 'main.py', PYTHON],
  ['TypeScript', 'main.ts', TYPESCRIPT],
  ['JavaScript', 'main.js', JAVASCRIPT],
  ['Go', 'main.go', GO],
  ['Java', 'Main.java', JAVA],
] as const)('%s', (_, path, samples) => {
  it.each(samples.map(({ file = path, ...sample }) => ({ ...sample, file })))('$name', async (sample) => {
    const { file, code, found } = sample;
    const seen = findingsOf(await examineFiles({ [file]: code }));
    expect(seen.map((each) => each.replace(` ${file}:`, ' '))).toEqual(found);
  });
});
