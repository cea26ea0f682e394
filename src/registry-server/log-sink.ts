// Where the registry's log goes: a reader that is slow, has stopped or is gone never holds the registry up.
import type { LogSink } from './log.js';

/** What waits for a slow reader; beyond it lines are dropped. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** For the last lines, when the registry ends. */
const FLUSH_PATIENCE_MS = 500;

export interface OpenLog extends LogSink {
  /** Writes what the reader takes within half a second, and lets go of the rest. */
  close(): Promise<void>;
}

/** A log that is written to the file descriptor in the background; `maxWaiting` in bytes. */
export async function openLog(fd: number, maxWaiting = MAX_WAITING_BYTES): Promise<OpenLog> {
  const { pino } = await import('pino');
  const destination = pino.destination({ fd, sync: false, maxLength: maxWaiting });
  let gone = false;
  let dropped = 0;
  // EPIPE and the like: nobody reads any more. The registry is not there for its log.
  destination.on('error', () => {
    gone = true;
  });
  destination.on('drop', () => {
    dropped += 1;
  });
  destination.on('drain', () => {
    if (dropped === 0 || gone) return;
    const msg = `${dropped} log lines were dropped: what reads the log was too slow`;
    dropped = 0;
    destination.write(`${JSON.stringify({ level: 40, time: Date.now(), msg })}\n`);
  });
  return {
    write(line) {
      if (!gone) destination.write(line);
    },
    async close() {
      if (!gone) await ended(destination);
      gone = true;
      destination.destroy();
    },
  };
}

/** Resolves once everything is written, or when the patience is over. */
function ended(destination: {
  end(): void;
  once(event: 'close', listener: () => void): unknown;
}): Promise<void> {
  return new Promise((resolve) => {
    const patience = setTimeout(resolve, FLUSH_PATIENCE_MS);
    destination.once('close', () => {
      clearTimeout(patience);
      resolve();
    });
    destination.end();
  });
}
