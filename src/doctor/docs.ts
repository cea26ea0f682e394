// docs/checks/<id>.md and --explain, from the check itself: written down once.
import type { CheckDescription } from './describe.js';
import { itemsOf, LISTS } from './guides.js';

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
  ];
  return [
    `# ${check.id}`,
    `**${check.title}.**`,
    check.about,
    `${facts.join('; ')}.`,
    ...guideSection(check),
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

/** What of the guides it answers, in their words. */
function guideSection({ checklist, symptoms }: CheckDescription): string[] {
  const items = LISTS.flatMap(itemsOf).filter(({ item }) => checklist.includes(item));
  const lines = [
    ...items.map(({ item, text }) => `- ${item.split('.', 1)[0]} checklist: ${text}`),
    ...symptoms.flatMap(({ guide, symptom, advice }) => [
      `- ${guide}, troubleshooting: ${symptom}${advice.map((text) => `\n  - ${text}`).join('')}`,
    ]),
  ];
  return lines.length === 0 ? [] : ['## What of the guides it answers', lines.join('\n')];
}
