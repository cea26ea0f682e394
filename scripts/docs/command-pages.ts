// A Markdown page a command, from the manifest: the same words as --help.

interface Flag {
  name: string;
  type: 'boolean' | 'option';
  char?: string;
  summary?: string;
  helpGroup?: string;
  helpValue?: string;
  default?: unknown;
  options?: string[];
  allowNo?: boolean;
  required?: boolean;
  multiple?: boolean;
  hidden?: boolean;
}

interface Arg {
  name: string;
  description?: string;
  required?: boolean;
}

interface Command {
  id: string;
  summary: string;
  description?: string;
  aliases: string[];
  examples?: (string | { description: string; command: string })[];
  args: Record<string, Arg>;
  flags: Record<string, Flag>;
}

export interface Manifest {
  version: string;
  commands: Record<string, Command>;
}

type Schemas = Readonly<Record<string, { title: string; command: string | undefined }>>;

/** The files of docs/commands: name → text. */
export function commandPages({ commands }: Manifest, schemas: Schemas): Map<string, string> {
  const all = Object.values(commands);
  return new Map([
    ['README.md', index(all)],
    ...all.map((command) => [`${fileName(command)}.md`, page(command, schemas)] as const),
  ]);
}

const fileName = ({ id }: Command): string => id.replaceAll(':', '-');
const title = ({ id }: Command): string => `regctl ${id.replaceAll(':', ' ')}`;

function index(commands: Command[]): string {
  const rows = commands.map((each) => `| [${title(each)}](${fileName(each)}.md) | ${cell(each.summary)} |`);
  return `# The commands of regctl\n\n| command | |\n| --- | --- |\n${rows.join('\n')}\n`;
}

function page(command: Command, schemas: Schemas): string {
  const args = Object.values(command.args);
  const results = Object.entries(schemas).filter(([, schema]) => schema.command === command.id);
  const aliases = command.aliases.map((alias) => `\`regctl ${alias}\``).join(', ');
  return `${[
    `# ${title(command)}`,
    `**${command.summary}**`,
    ...(command.description === undefined ? [] : [command.description]),
    ...(aliases === '' ? [] : [`Also ${aliases}.`]),
    fenced(`${title(command)}${args.map(usage).join('')} [FLAGS]`),
    ...(args.length === 0 ? [] : ['## Arguments', ...[table(['argument', ''], args.map(argRow))]]),
    ...flagSections(Object.values(command.flags).filter(({ hidden }) => hidden !== true)),
    ...exampleSection(command),
    '## JSON',
    results.map(([name, schema]) => `- [${schema.title}](../schemas/${name}.json)`).join('\n'),
    '## Exit codes',
    EXIT_CODES,
  ].join('\n\n')}\n`;
}

const EXIT_CODES = table(
  ['code', 'meaning'],
  [
    ['0', 'it holds, it is done'],
    ['1', 'the answer is no'],
    ['2', 'usage: a bad flag, argument or setting'],
    ['3', 'could not find out: unreachable, timed out, not the API'],
    ['4', 'refused: 401 or 403'],
    ['70', 'a bug of regctl'],
    ['130, 143', 'ended by SIGINT, SIGTERM'],
  ],
);

const usage = ({ name, required }: Arg): string =>
  required === true ? ` ${name.toUpperCase()}` : ` [${name.toUpperCase()}]`;

const argRow = ({ name, description = '' }: Arg): string[] => [`\`${name.toUpperCase()}\``, description];

/** One table a group, the command's own flags first. */
function flagSections(flags: Flag[]): string[] {
  // '' is the group of the command's own flags, and sorts before the shared ones.
  const groups = [...new Set(flags.map(({ helpGroup = '' }) => helpGroup))].sort();
  return groups.flatMap((group) => [
    group === '' ? '## Flags' : `## Flags: ${group.toLowerCase()}`,
    table(['flag', '', 'default'], flags.filter(({ helpGroup = '' }) => helpGroup === group).map(flagRow)),
  ]);
}

function flagRow(flag: Flag): string[] {
  const { name, char, type, allowNo, options, helpValue, multiple, required } = flag;
  const short = char === undefined ? '' : `-${char}, `;
  const value = type === 'boolean' ? '' : ` ${options?.join('|') ?? helpValue ?? 'VALUE'}`;
  const names = `\`${short}--${allowNo === true ? '[no-]' : ''}${name}${value}\``;
  const remarks = [required === true ? 'Required.' : '', multiple === true ? 'Repeatable.' : ''];
  const summary = flag.summary ?? '';
  const text = [
    summary,
    ...remarks.filter((remark) => !summary.toLowerCase().includes(remark.slice(0, -1).toLowerCase())),
  ];
  return [names, text.filter((part) => part !== '').join(' '), defaultOf(flag)];
}

function defaultOf({ default: value }: Flag): string {
  if (value === undefined || value === false || (Array.isArray(value) && value.length === 0)) return '';
  return `\`${String(value)}\``;
}

function exampleSection(command: Command): string[] {
  const examples = command.examples ?? [];
  if (examples.length === 0) return [];
  const words = (text: string) =>
    text
      .replaceAll('<%= config.bin %>', 'regctl')
      .replaceAll('<%= command.id %>', command.id.replaceAll(':', ' '));
  const shown = examples.map((example) =>
    typeof example === 'string' ? words(example) : `# ${example.description}\n${words(example.command)}`,
  );
  return ['## Examples', fenced(shown.join('\n\n'))];
}

function fenced(text: string): string {
  return `\`\`\`sh\n${text}\n\`\`\``;
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
