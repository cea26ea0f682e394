// docs/checks/<id>.md and --explain, from the check itself: written down once.
import type { CheckDescription } from './describe.js';

/** The files of docs/checks: name → text. */
export function checkPages(checks: readonly CheckDescription[]): Map<string, string> {
  const rows = checks.map(({ id, title }) => `| [${id}](${id}.md) | ${title} |`);
  const index = `# The checks of \`regctl doctor\`\n\n| id | proves |\n| --- | --- |\n${rows.join('\n')}\n`;
  return new Map([
    ['README.md', index],
    ...checks.map((check) => [`${check.id}.md`, checkPage(check)] as const),
  ]);
}

/** The page of a check, in Markdown; ends with a newline. */
export function checkPage(check: CheckDescription): string {
  const facts = [
    `Examines ${check.scope === 'service' ? 'each service' : 'the deployment'}`,
    check.effects === 'read' ? 'changes nothing' : 'changes something: runs only with `--active`',
    ...(check.requires.length === 0 ? [] : [`runs after ${check.requires.map(code).join(', ')}`]),
    ...(check.checklist.length === 0 ? [] : [`answers ${check.checklist.map(item).join(', ')}`]),
  ];
  return [
    `# ${check.id}`,
    `**${check.title}.**`,
    check.about,
    `${facts.join('; ')}.`,
    '## What it can find',
    ...check.findings.flatMap(({ code: name, level, seen, remedy, reproduce }) => [
      `### ${name} (${level})`,
      `Seen: ${seen}.`,
      `Remedy: ${remedy}`,
      ...(reproduce === null ? [] : [`\`\`\`sh\n${reproduce}\n\`\`\``]),
    ]),
    `Run it alone: \`regctl doctor --only ${check.id}\``,
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n');
}

function code(text: string): string {
  return `\`${text}\``;
}

function item(name: string): string {
  const [list, number] = name.split('.');
  return `item ${number} of the ${list} checklist`;
}
