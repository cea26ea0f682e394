// What the process and the command line give to a context.
import type { Readable } from 'node:stream';
import type { TraceEvent } from './http/http.js';
import type { Target } from './settings.js';

/** The flags a context depends on, as the command line gave them. */
export interface ContextFlags {
  registry?: string | undefined;
  api?: Target['api'] | undefined;
  context?: string | undefined;
  'service-id'?: string | undefined;
  timeout?: number | undefined;
  retries?: number | undefined;
  'ca-file'?: string | undefined;
  'cert-file'?: string | undefined;
  'key-file'?: string | undefined;
  'secret-file'?: string | undefined;
  'secret-stdin'?: boolean | undefined;
  'trust-env-file'?: boolean | undefined;
}

/** What the process gives to a context. */
export interface Host {
  environment: Readonly<Record<string, string | undefined>>;
  folder: string;
  stdin: Readable;
  pid: number;
  userAgent: string;
  signal: AbortSignal;
  notify(line: string): void;
  progress(line: string | undefined): void;
  /** Told before a request that changes something is sent. */
  changing(): void;
  trace?: ((event: TraceEvent) => void) | undefined;
  /** What asks for a secret on a terminal; undefined where nobody can be asked. */
  askSecret?: (() => ((message: string) => Promise<string>) | undefined) | undefined;
}
