import { CLIError } from '@oclif/core/errors';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../base-command.js';
import { RegctlError } from '../errors.js';
import { durationFlag, registryFlags, secretFlags } from '../flags.js';
import { describeChecks, examine, explainCheck } from '../operations/doctor.js';
import { examineChecklist } from '../operations/doctor-checklist.js';
import {
  doctorTexts,
  parseReportFile,
  type ReportFile,
  requireWritable,
  utf8,
  writeReports,
} from '../operations/doctor-reports.js';
import { checklistView } from '../render/checklist.js';
import { checksView, doctorView, explainView, filePaper } from '../render/doctor.js';

// The engine repeats what is worth it, so --retries has no meaning here.
const { retries: _, ...registry } = registryFlags;

const reportFlag = Flags.custom<ReportFile>({
  helpValue: 'FORMAT=FILE',
  async parse(text) {
    const file = await parseReportFile(text);
    if (typeof file !== 'string') return file;
    throw new CLIError(file);
  },
});

export default class Doctor extends BaseCommand {
  static override summary = 'Is this deployment, and this service in it, really integrated?';
  static override description =
    'Examines environment, registry, registration, health, heartbeat and the token check of the service, without changing anything unless --active says so. Under what is wrong it says what was seen, what to do, and a command that shows it again. Where services beat it watches for the next heartbeat, up to 35 s; --skip heartbeat.cadence does not wait. Exit code 1 where a check failed, else 3 where one could not be carried out, else 0.';
  static override examples = [
    { description: 'The service whose environment this is', command: '<%= config.bin %> <%= command.id %>' },
    {
      description: 'Something is wrong, now: only what is not green, without waiting for a heartbeat',
      command: '<%= config.bin %> <%= command.id %> --service asr-service --brief --skip heartbeat.cadence',
    },
    {
      description: 'In CI: warnings fail too, and reports are kept for the CI system and for people',
      command:
        '<%= config.bin %> <%= command.id %> --service asr-service --fail-on warn --report junit=doctor.xml --report html=doctor.html',
    },
    {
      description: 'After a deploy: give it a minute and a half to become true',
      command: '<%= config.bin %> <%= command.id %> --service asr-service --wait 90s --brief',
    },
    {
      description: 'Before a release: also register, be called, and call another service',
      command: '<%= config.bin %> <%= command.id %> --service asr-service --active',
    },
    {
      description: "The guide's own checklist, with a tick, a cross or a reason at each item",
      command: '<%= config.bin %> <%= command.id %> --checklist integration --source . --active',
    },
    {
      description: 'What is known and answered for is waived; only what last night did not find fails',
      command:
        '<%= config.bin %> <%= command.id %> --all --waivers waivers.yaml --compare last.json --fail-on new',
    },
    {
      description: 'Also from where the service runs: can it reach the registry, has it the same secret',
      command: '<%= config.bin %> <%= command.id %> --exec "docker compose exec -T asr-service"',
    },
    {
      description: 'What is behind the registry; the passwords are in PGPASSWORD and REDISCLI_AUTH',
      command:
        "<%= config.bin %> <%= command.id %> --only 'engine.*' --zookeeper zookeeper:2181 --redis redis://redis:6379",
    },
    {
      description: 'The registry alone',
      command: "<%= config.bin %> <%= command.id %> --only 'registry.*'",
    },
  ];
  static override flags = {
    service: Flags.string({
      char: 's',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'NAME',
      summary: 'Service to examine, repeatable; else SERVICE_NAME.',
      exclusive: ['all'],
    }),
    all: Flags.boolean({ summary: 'Examine every service of the registry.' }),
    only: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'GLOB',
      summary: 'Only these checks and what they require.',
    }),
    skip: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'GLOB',
      summary: 'Leave these checks out.',
    }),
    checklist: Flags.option({ options: ['integration', 'debug'] as const })({
      summary: "Answer the guide's own checklist, item by item.",
      exclusive: ['only', 'report', 'compare', 'brief'],
    }),
    list: Flags.boolean({ summary: 'List the checks there are.', exclusive: ['explain', 'report'] }),
    explain: Flags.string({
      helpValue: 'ID',
      summary: 'Explain one check and what it can find.',
      exclusive: ['report'],
    }),
    'fail-on': Flags.option({
      helpGroup: 'REPORT',
      options: ['warn', 'fail', 'new'] as const,
      default: 'fail' as const,
    })({
      summary: 'What makes the exit code 1; new: only what the run of --compare did not find.',
    }),
    waivers: Flags.string({
      helpGroup: 'REPORT',
      helpValue: 'FILE',
      summary: 'What somebody answers for until a day.',
    }),
    compare: Flags.string({
      helpGroup: 'REPORT',
      helpValue: 'FILE',
      summary: 'An earlier JSON report: what is new, what is gone.',
    }),
    brief: Flags.boolean({ helpGroup: 'REPORT', char: 'b', summary: 'Show only what is not green.' }),
    logs: Flags.string({
      helpGroup: 'MORE EVIDENCE',
      helpValue: 'FILE',
      summary: 'Log of the start of the service.',
    }),
    active: Flags.boolean({
      helpGroup: 'MORE EVIDENCE',
      summary: 'Also register a canary, send messages and call another service; take everything away again.',
    }),
    source: Flags.string({
      helpGroup: 'MORE EVIDENCE',
      helpValue: 'DIR',
      summary: 'Also examine the code of the service.',
    }),
    exec: Flags.string({
      helpGroup: 'MORE EVIDENCE',
      helpValue: 'COMMAND',
      summary: 'Also look from where the service runs, e.g. "docker compose exec -T my-service".',
    }),
    zookeeper: Flags.string({
      helpGroup: 'MORE EVIDENCE',
      helpValue: 'HOST:PORT',
      summary: 'Also ask ZooKeeper itself.',
    }),
    postgres: Flags.string({
      helpGroup: 'MORE EVIDENCE',
      helpValue: 'URL',
      summary: 'Also ask PostgreSQL itself.',
    }),
    redis: Flags.string({ helpGroup: 'MORE EVIDENCE', helpValue: 'URL', summary: 'Also ask Redis itself.' }),
    report: reportFlag({
      helpGroup: 'REPORT',
      multiple: true,
      multipleNonGreedy: true,
      summary:
        'Also write a report, repeatable; FORMAT is json, junit, html, markdown, sarif or pretty; github alone takes no file.',
    }),
    wait: durationFlag({ helpGroup: 'TIME', summary: 'Repeat for this long what may still become true.' }),
    deadline: durationFlag({
      helpGroup: 'TIME',
      summary: 'End after this long, besides --wait; else after 2m, or 1s a service where that is more.',
    }),
    concurrency: Flags.integer({
      helpGroup: 'TIME',
      summary: 'Requests under way at once.',
      default: 8,
      min: 1,
      max: 256,
    }),
    ...registry,
    ...secretFlags,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Doctor);
    // A secret that is missing is a finding here, nothing to ask for.
    const context = await this.open({ ...flags, input: false });
    if (flags.list) return this.print(await describeChecks(), checksView);
    const { prettyReport, checkPage } = await doctorTexts();
    if (flags.explain !== undefined)
      return this.print(await explainCheck(flags.explain), explainView(checkPage));
    const files = flags.report ?? [];
    await requireWritable(files, context);
    const input = {
      services: flags.service ?? [],
      all: flags.all,
      only: flags.only ?? [],
      skip: flags.skip ?? [],
      failOn: flags['fail-on'],
      waivers: flags.waivers,
      compare: flags.compare,
      logFile: flags.logs,
      active: flags.active,
      source: flags.source,
      engines: { zookeeper: flags.zookeeper, postgres: flags.postgres, redis: flags.redis },
      exec: flags.exec === undefined ? undefined : { command: flags.exec, timeoutMs: EXEC_TIMEOUT_MS },
      deadlineMs: flags.deadline,
      waitMs: flags.wait ?? 0,
      concurrency: flags.concurrency,
      version: this.config.version,
    };
    const options = { ascii: !utf8(context.sources.environment), brief: flags.brief };
    if (flags.checklist === undefined) {
      const report = await examine(input, context);
      this.setExit(report.exit);
      try {
        await writeReports(files, report, filePaper(options), context);
      } catch (error) {
        if (!(error instanceof RegctlError)) throw error;
        // What was found is said all the same, and a red verdict stays what it is.
        context.notify(`Error: ${error.message}`);
        this.setExit(report.exit || error.exit);
      }
      await this.print(report, doctorView(prettyReport, options));
    } else {
      const list = await examineChecklist(flags.checklist, input, context);
      this.setExit(list.exit);
      await this.print(list, checklistView(options));
    }
    const reason: unknown = context.signal.reason;
    if (context.signal.aborted && reason instanceof RegctlError) this.setExit(reason.exit);
  }
}

/** The limits of the script come to less; this ends a command that hangs before it. */
const EXEC_TIMEOUT_MS = 30_000;
