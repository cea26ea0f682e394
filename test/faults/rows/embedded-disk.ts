// A disk that is full, and one that tore what it was writing.
import { copyFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Libsql from 'libsql';
import { smallDisk } from '../../bad-input/support/small-disk.js';
import type { Fault } from '../fault.js';
import type { Stage } from '../stage.js';

/** The write-ahead log of SQLite: a header, then frames of a header and a page (sqlite.org/fileformat2.html#walformat). */
const WAL_HEADER = 32;
const FRAME_HEADER = 24;

interface Torn {
  readonly database: string;
  readonly wal: string;
  readonly pageSize: number;
  readonly frames: number;
}

/** A registry killed under load, and what it left: a database of the run before, and a log of many frames. */
async function killed(stage: Stage) {
  const dataDir = await stage.folder();
  const store = { kind: 'sqlite', dataDir } as const;
  const before = await stage.registry({ store });
  await stage.load({ watchers: 0 });
  await before.terminate();
  const registry = await stage.registry({ store });
  await stage.traffic(60);
  await registry.kill();
  const database = join(dataDir, 'registry.db');
  const wal = `${database}-wal`;
  const bytes = readFileSync(wal);
  const pageSize = bytes.readUInt32BE(8);
  const frames = Math.floor((bytes.length - WAL_HEADER) / (FRAME_HEADER + pageSize));
  if (frames < 10) throw new Error(`a log of ${frames} frames is none to tear`);
  return { store, torn: { database, wal, pageSize, frames } satisfies Torn };
}

const frameAt = ({ pageSize }: Torn, n: number): number => WAL_HEADER + n * (FRAME_HEADER + pageSize);

function copyOf({ database, wal }: Torn, folder: string): Pick<Torn, 'database' | 'wal'> {
  const copy = { database: join(folder, 'registry.db'), wal: join(folder, 'registry.db-wal') };
  copyFileSync(database, copy.database);
  copyFileSync(wal, copy.wal);
  return copy;
}

/** Tears at the end of the log what was being written when the power went: it was never acknowledged. */
function tearUnacknowledged(torn: Torn): void {
  const bytes = readFileSync(torn.wal);
  const whole = bytes.subarray(0, frameAt(torn, torn.frames));
  const last = bytes.subarray(frameAt(torn, torn.frames - 1), frameAt(torn, torn.frames));
  const half = Buffer.from(last.subarray(0, last.length / 2));
  writeFileSync(torn.wal, Buffer.concat([whole, half]));
}

/** Pages of the database that the log has, overwritten with noise: a checkpoint that was torn. */
function tearCheckpoint(torn: Torn): number {
  const log = readFileSync(torn.wal);
  const pages = new Set<number>();
  for (let n = 0; n < torn.frames; n += 1) pages.add(log.readUInt32BE(frameAt(torn, n)));
  const database = readFileSync(torn.database);
  let damaged = 0;
  for (const page of pages) {
    const at = (page - 1) * torn.pageSize;
    // The first is read before the log is.
    if (page === 1 || at + torn.pageSize > database.length) continue;
    database.fill(0xaa, at + torn.pageSize / 2, at + torn.pageSize);
    damaged += 1;
  }
  writeFileSync(torn.database, database);
  return damaged;
}

export const DISK: readonly Fault[] = [
  {
    name: 'the disk is full, and has space again',
    mode: 'embedded',
    promise:
      'What cannot be stored is answered 503 and changes nothing; reads and heartbeats go on; it comes back by itself.',
    async run(stage) {
      const disk = smallDisk();
      stage.onEnd(async () => disk.remove());
      const store = { kind: 'sqlite', dataDir: disk.folder } as const;
      const registry = await stage.registry({ store });
      const load = await stage.load({ keeping: 2000 });
      const health = async () => (await load.client.get(registry, '/health')).status;
      await stage.during(async () => {
        disk.fill(registry.pid);
        await stage.eventually(
          health,
          (status) => status === 503,
          'the disk is full, and /health does not say so',
        );
        const from = performance.now();
        await stage.eventually(
          async () => stage.history.answered(from, performance.now()),
          ({ beat, list, url }) => beat >= 30 && list >= 30 && url >= 30,
          'reads and heartbeats do not go on',
        );
        const lies = stage.history.ops.filter(
          ({ kind, start, status }) => kind === 'change' && start > from && status !== 503,
        );
        if (lies.length > 0) throw new Error(`${lies.length} changes were not answered 503`);
        disk.free(registry.pid);
        await stage.eventually(health, (status) => status === 200, 'it did not come back');
      });
      await stage.traffic();
      await registry.kill();
      await stage.registry({ store });
      await stage.traffic();
      await stage.check();
      return 'Every change was answered 503 and was not there after; reads and heartbeats were answered; with space again it took changes by itself, and after kill -9 had all it had acknowledged.';
    },
  },
  {
    name: 'the last page of the log is torn',
    mode: 'embedded',
    promise: 'A write that the power cut in the middle was never acknowledged; all that was is there.',
    async run(stage) {
      const { store, torn } = await killed(stage);
      await stage.during(async () => {
        tearUnacknowledged(torn);
        await stage.registry({ store });
      });
      await stage.traffic();
      await stage.check();
      return 'Half a frame at the end of the log was passed over; every acknowledged registration was there.';
    },
  },
  {
    name: 'a checkpoint is torn: pages of the database are half written',
    mode: 'embedded',
    promise: 'The log is the authority until all of it is in the database: nothing acknowledged is lost.',
    async run(stage) {
      const { store, torn } = await killed(stage);
      await stage.during(async () => {
        if (tearCheckpoint(torn) === 0) throw new Error('no page was torn');
        await stage.registry({ store });
      });
      await stage.traffic();
      await stage.check();
      return 'Torn pages were restored from the log; every acknowledged registration was there.';
    },
  },
  {
    name: 'the disk loses the end of a log that it had said was written',
    mode: 'embedded',
    promise:
      'Nobody can keep what a disk lied about: what is left is what was true at a moment before, whole changes and no half ones.',
    async run(stage) {
      const { torn } = await killed(stage);
      const moments: number[] = [];
      for (const share of [0.3, 0.6, 0.9]) {
        const copy = { ...torn, ...copyOf(torn, await stage.folder()) };
        await stage.during(async () => {
          truncateSync(copy.wal, frameAt(copy, Math.floor(copy.frames * share)) + copy.pageSize / 2);
          moments.push(await stage.momentOf({ kind: 'sqlite', dataDir: dirname(copy.database) }));
          await stage.attempts();
        });
      }
      const [first = 0, ...later] = moments;
      if (first >= (later.at(-1) ?? 0)) throw new Error(`what is left does not grow: ${moments.join(', ')}`);
      return 'Each time the registry started, with exactly what had been registered up to one moment before.';
    },
  },
  {
    name: 'the last page of the database is torn, and nothing is left to restore it from',
    mode: 'embedded',
    promise:
      'It refuses to start, names the file, and leaves it as it is: what it says could not be trusted.',
    async run(stage) {
      const dataDir = await stage.folder();
      const store = { kind: 'sqlite', dataDir } as const;
      const registry = await stage.registry({ store });
      await stage.load({ watchers: 0 });
      await stage.traffic(60);
      await registry.terminate();
      const database = join(dataDir, 'registry.db');
      // A page at the end that is free would be no loss.
      const freed = new Libsql(database);
      freed.exec('VACUUM');
      freed.close();
      const whole = readFileSync(database);
      const backup = join(dataDir, 'backup');
      mkdirSync(backup);
      copyFileSync(database, join(backup, 'registry.db'));
      await stage.during(async () => {
        truncateSync(database, whole.length - 1000);
        const torn = readFileSync(database);
        const why = await stage.registry({ store }).then(
          () => 'it started',
          (error: Error) => error.message,
        );
        if (!why.includes(database) || !/not an intact/.test(why)) throw new Error(`not refused: ${why}`);
        if (!readFileSync(database).equals(torn)) throw new Error('the file was touched');
        await stage.attempts();
      });
      // As it tells an operator to: from the backup.
      await stage.registry({ store: { kind: 'sqlite', dataDir: backup } });
      await stage.traffic();
      await stage.check();
      return 'It did not start, said why with the path of the file, and had not touched it; a copy made before served everything.';
    },
  },
];
