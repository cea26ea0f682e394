// The code in the guides, as it stands there: what is run is read from them, and nothing in it is touched.
import { readFileSync } from 'node:fs';

export const GUIDES = {
  coordinator: 'service-integration-guide.md',
  configService: 'service-registry-integration-guide.md',
} as const;
export type Guide = keyof typeof GUIDES;

export interface Block {
  /** As its fence names it; empty where it names none. */
  readonly language: string;
  readonly code: string;
}

/** Every fenced block of a guide, in its order. */
export function blocksOf(guide: Guide): Block[] {
  const text = readFileSync(new URL(`../guides/${GUIDES[guide]}`, import.meta.url), 'utf8');
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = '', code = '']) => ({
    language,
    code,
  }));
}

/** The one block of a guide that has this line. */
export function blockWith(guide: Guide, line: string): string {
  const found = blocksOf(guide).filter(({ code }) => code.split('\n').includes(line));
  const [block] = found;
  if (block === undefined || found.length > 1) throw new Error(`${found.length} blocks have: ${line}`);
  return block.code;
}
