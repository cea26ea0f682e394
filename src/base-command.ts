// What every command has: output formats, the context, and the one mapping of errors to exit codes and documents.
import { Command } from '@oclif/core/command';
import type { Config } from '@oclif/core/config';
import { type Context, makeContext } from './context.js';
import { fail, type RegctlError } from './errors.js';
import { type Output, outputFlags } from './flags.js';
import type { ContextFlags } from './host.js';
import { monotonicMs } from './monotonic.js';
import { jsonArray } from './render/json-array.js';
import { PLAIN } from './render/style.js';
import { clean, cleanDeep, safeJson } from './render/text.js';
import { traceLine } from './render/trace.js';
import type { LineView, View } from './render/view.js';
import { reportError, requestedOutput, toRegctlError } from './report-error.js';
import { contextFilePath } from './sources.js';
import { isTerminal, print, stderr, stdout, writeAll } from './stdio.js';
import { useColour } from './terminal.js';

/** What takes less needs no word about it. */
const PROGRESS_AFTER_MS = 1_000;
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

export interface OutputFlags {
  output: Output;
  json: boolean;
  color?: boolean;
  debug: boolean;
  input: boolean;
}

export abstract class BaseCommand extends Command {
  static override baseFlags = outputFlags;

  private controller: AbortController | undefined;
  private flags: OutputFlags | undefined;
  private readonly started = monotonicMs();
  private progressShown = false;
  private progressLater: NodeJS.Timeout | undefined;
  private changed = false;

  /** Makes the command of `argv` and runs it to its end; an error of it is reported, not thrown. */
  static async start(
    this: new (
      argv: string[],
      config: Config,
    ) => BaseCommand,
    argv: string[],
    config: Config,
  ): Promise<void> {
    await new this(argv, config)._run();
  }

  /** oclif's own looks for deprecated names, of which there are none. */
  protected override async init(): Promise<void> {}

  /**
   * Reads the settings and makes the context. Its connections end with the process: closing one before costs a
   * millisecond.
   */
  protected async open(flags: OutputFlags & ContextFlags): Promise<Context> {
    this.flags = flags;
    const signal = () => this.signal();
    const ask = async (message: string) =>
      (await import('./prompts.js')).hidden(message, { output: stderr(), signal: signal() });
    return makeContext(flags, {
      environment: process.env,
      folder: workingFolder(),
      // Made where it is read: it takes Node 6 ms.
      get stdin() {
        return process.stdin;
      },
      pid: process.pid,
      userAgent: `regctl/${this.config.version}`,
      get signal() {
        return signal();
      },
      notify: (line) => this.notify(line),
      progress: (line) => this.progress(line),
      changing: () => {
        this.changed = true;
      },
      trace: flags.debug ? (event) => this.notify(traceLine(event)) : undefined,
      askSecret: flags['secret-stdin'] === true ? undefined : () => (this.canAsk() ? ask : undefined),
    });
  }

  /** The path of the context file, for the commands that need nothing else of a context. */
  protected contextFile(flags: OutputFlags): string {
    this.flags = flags;
    return contextFilePath(process.env);
  }

  /** True where a person can be asked: a terminal on both sides, outside CI, without --no-input. */
  protected canAsk(): boolean {
    return this.flags?.input === true && !process.env.CI && isTerminal('stderr') && isTerminal('stdin');
  }

  /** Asks for one of the services the registry lists where the argument is missing and a person is there. */
  protected async pickService(name: string | undefined, context: Context): Promise<string> {
    if (name !== undefined) return name;
    if (!this.canAsk()) {
      throw fail('USAGE', {
        what: 'No service is named.',
        why: '',
        next: `Name one: \`regctl ${this.id?.replaceAll(':', ' ')} SERVICE\`; \`regctl list\` shows them.`,
      });
    }
    const registry = await context.registry();
    const services = await registry.listServices();
    if (services.length === 0) throw fail('NO_SERVICES', { url: registry.url });
    const { select } = await import('./prompts.js');
    const names = services.map(({ service_name }) => service_name).sort();
    return select('Which service?', names, { output: stderr(), signal: this.signal() });
  }

  /** Asks before something is destroyed; without a person to ask, the flag that asked for it is enough. */
  protected async confirm(question: string, yes: boolean): Promise<boolean> {
    if (yes) return true;
    if (!this.canAsk()) {
      // A person is there but would not see the question: what is destroyed must be said aloud.
      if (!isTerminal('stdin') || process.env.CI || this.flags?.input === false) return true;
      throw fail('USAGE', {
        what: question,
        why: 'Standard error is no terminal to ask on.',
        next: 'Say --yes if you mean it.',
      });
    }
    const { confirm } = await import('./prompts.js');
    return confirm(question, { output: stderr(), signal: this.signal() });
  }

  /** Prints a result in the format that was asked for. */
  protected async print<R>(result: R, view: View<R>): Promise<void> {
    this.progress(undefined);
    await print(this.format(result, view));
  }

  /** Prints batches of items as they come, with `-o ndjson` alone. */
  protected async printLines(batches: AsyncIterable<readonly unknown[]>): Promise<void> {
    for await (const batch of batches) {
      this.progress(undefined);
      await writeAll(stdout(), batch.map((item) => `${safeJson(item)}\n`).join(''));
    }
  }

  /**
   * Prints items as they come: a line each, or with `-o json` and `yaml` one document at the end, which an
   * endless result never reaches.
   */
  protected async printEach<T>(
    items: AsyncIterable<T>,
    view: LineView<T>,
    { endless }: { endless: boolean },
  ): Promise<void> {
    const output = this.output();
    if (output !== 'json' && output !== 'yaml') {
      const paper = await this.paper();
      for await (const item of items) {
        this.progress(undefined);
        const line =
          output === 'ndjson' ? safeJson(item) : output === 'name' ? view.name(item) : view.line(item, paper);
        await writeAll(stdout(), `${line}\n`);
      }
      return;
    }
    if (endless) {
      throw fail('USAGE', {
        what: `-o ${output} is one document, and this has no end.`,
        why: '',
        next: 'Use -o ndjson, a document a line, or say when to end.',
      });
    }
    const all: T[] = [];
    for await (const item of items) all.push(item);
    await this.print(all, { text: () => '', names: () => [] });
  }

  /** A report of a failure was printed; the command is over with this code. */
  protected setExit(code: number): void {
    process.exitCode = code;
  }

  protected override async catch(error: Error): Promise<void> {
    this.progress(undefined);
    const output = this.flags === undefined ? requestedOutput(this.argv) : this.output();
    const reason: unknown = this.controller?.signal.aborted ? this.controller.signal.reason : error;
    const found: RegctlError = toRegctlError(reason, { command: this.id, argv: this.argv });
    await reportError(found, output, error, this.flags?.debug === true);
  }

  private output(): Output {
    return this.flags?.json ? 'json' : (this.flags?.output ?? 'table');
  }

  private async *format<R>(result: R, view: View<R>): AsyncGenerator<string> {
    switch (this.output()) {
      case 'json': {
        if (Array.isArray(result) && !isTerminal('stdout')) yield* jsonArray(result);
        else yield `${safeJson(result, isTerminal('stdout') ? 2 : undefined)}\n`;
        return;
      }
      case 'ndjson': {
        for (const item of view.items?.(result) ?? [result]) yield `${safeJson(item)}\n`;
        return;
      }
      case 'yaml': {
        const { stringify } = await import('yaml');
        yield stringify(cleanDeep(result));
        return;
      }
      case 'name':
        for (const name of view.names(result)) yield `${clean(name)}\n`;
        return;
      default: {
        const text = view.text(result, await this.paper());
        if (text !== '') yield `${text}\n`;
      }
    }
  }

  private async paper() {
    // A pseudo-terminal that nobody sized says 0 columns.
    const columns = isTerminal('stdout') && process.stdout.columns;
    const colour = useColour({ isTTY: isTerminal('stdout') }, process.env, this.flags?.color);
    return {
      style: colour ? (await import('./render/colours.js')).COLOURS : PLAIN,
      ...(columns
        ? { width: columns, cut: (await import('./render/cut-table.js')).cutTable }
        : { width: Number.POSITIVE_INFINITY }),
      wide: this.output() === 'wide',
      now: Date.now(),
    };
  }

  /** Fires with SIGINT and SIGTERM; until it is asked for there is nothing that they could not simply end. */
  private signal(): AbortSignal {
    if (this.controller !== undefined) return this.controller.signal;
    const controller = new AbortController();
    this.controller = controller;
    for (const [signal, exit] of Object.entries(SIGNALS)) {
      process.once(signal, () => {
        // A second signal ends the process at once, whatever is under way.
        process.once(signal, () => process.exit(exit));
        controller.abort(fail('INTERRUPTED', { exit, signal, changed: this.changed }));
      });
    }
    return controller.signal;
  }

  private notify(line: string): void {
    this.progress(undefined);
    stderr().write(`${clean(line)}\n`);
  }

  private progress(line: string | undefined): void {
    if (!isTerminal('stderr')) return;
    clearTimeout(this.progressLater);
    if (!this.progressShown) {
      if (line === undefined) return;
      const tooSoonMs = PROGRESS_AFTER_MS - (monotonicMs() - this.started);
      if (tooSoonMs > 0) {
        // What is still going on then is shown then, also if nothing happens until it ends.
        this.progressLater = setTimeout(() => this.progress(line), tooSoonMs).unref();
        return;
      }
    }
    this.progressShown = line !== undefined;
    stderr().write(`\r\u001b[K${line === undefined ? '' : clean(line, (process.stderr.columns || 80) - 2)}`);
  }
}

/** The working folder; throws USAGE where it was removed under the shell. */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw fail(
      'USAGE',
      { what: 'The working folder no longer exists.', why: '', next: 'Change to one that does.' },
      error,
    );
  }
}
