/** Milliseconds on a clock that never jumps. For `performance` Node loads node:perf_hooks, 2 ms of every start. */
export const monotonicMs = (): number => process.uptime() * 1_000;
