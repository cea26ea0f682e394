// How a call to ZooKeeper can fail, and what the codes of its protocol mean here.

/** ZooKeeper cannot be asked now, or did not answer: whether a change was made is not known. */
export class ZookeeperUnavailable extends Error {
  override readonly name = 'ZookeeperUnavailable';
}

/** ZooKeeper answered and did not do it: `code` as its protocol has it, e.g. -101 for a parent that is not there. */
export class ZookeeperRefused extends Error {
  override readonly name = 'ZookeeperRefused';
  readonly code: number;

  constructor(message: string, code: number) {
    super(message);
    this.code = code;
  }
}

const NO_NODE = -101;
const BAD_VERSION = -103;
const NODE_EXISTS = -110;
const NOT_EMPTY = -111;

/** Answers that are no failure: somebody else was faster. */
export const MISSING: ReadonlySet<number> = new Set([NO_NODE]);
export const EXISTS: ReadonlySet<number> = new Set([NODE_EXISTS]);
export const CHANGED: ReadonlySet<number> = new Set([NO_NODE, BAD_VERSION]);
export const CONDITIONS: ReadonlySet<number> = new Set([NO_NODE, BAD_VERSION, NODE_EXISTS, NOT_EMPTY]);

/** Connection loss, time-out, session expired, session moved. */
const LOST: ReadonlySet<number> = new Set([-4, -7, -112, -118]);

/** True where ZooKeeper answered with one of the codes. */
export function isAnswer(error: unknown, codes: ReadonlySet<number>): boolean {
  const code = codeOf(error);
  return code !== undefined && codes.has(code);
}

/** The error as those who call know it. */
export function problemOf(error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  if (code === undefined || LOST.has(code))
    return new ZookeeperUnavailable(`ZooKeeper did not answer: ${message}`, { cause: error });
  return new ZookeeperRefused(`ZooKeeper refuses: ${message}`, code);
}

/** The code of the protocol, undefined where the error is no answer: those of a socket are words. */
function codeOf(error: unknown): number | undefined {
  const hasCode = error instanceof Error && 'code' in error && typeof error.code === 'number';
  return hasCode ? Number(error.code) : undefined;
}
