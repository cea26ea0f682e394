/** What the page does beyond being there: filters, buttons that copy, and printing whole. It has no other code. */
export const SCRIPT = `
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const form = document.querySelector('.filters');
  const units = all('[data-status]').map((node) => ({
    node,
    group: node.closest('.group'),
    status: node.dataset.status,
    category: node.closest('.category').dataset.category,
    count: Number(node.dataset.count),
  }));
  const groups = all('.group');
  const total = units.reduce((sum, { count }) => sum + count, 0);
  const choices = (select, values) => {
    for (const value of new Set(values)) select.append(new Option(value || 'deployment', value || '-'));
    if (select.options.length < 3) select.parentElement.hidden = true;
  };
  choices(form.elements.category, units.map(({ category }) => category));
  choices(form.elements.service, groups.map(({ dataset }) => dataset.service));

  const textOf = (unit) => (unit.text ??= (unit.group.dataset.service + ' ' + unit.node.textContent).toLowerCase());
  const apply = () => {
    const data = new FormData(form);
    const statuses = new Set(data.getAll('status'));
    const words = data.get('text').toLowerCase().split(/\\s+/).filter(Boolean);
    const category = data.get('category');
    const service = data.get('service');
    const shown = new Set();
    let count = 0;
    for (const unit of units) {
      const holds =
        statuses.has(unit.status) &&
        (category === '' || category === unit.category) &&
        (service === '' || service === (unit.group.dataset.service || '-')) &&
        words.every((word) => textOf(unit).includes(word));
      unit.node.classList.toggle('out', !holds);
      if (!holds) continue;
      count += unit.count;
      shown.add(unit.group).add(unit.node.closest('.category'));
    }
    for (const node of all('.group, .category')) node.classList.toggle('out', !shown.has(node));
    const left = groups.filter((group) => shown.has(group));
    if (count < total && left.length <= 20) for (const group of left) group.open = true;
    form.querySelector('output').value =
      count === 0 ? 'No check matches.' : count === total ? total + ' checks' : count + ' of ' + total + ' checks';
  };
  let waiting;
  form.addEventListener('input', () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, units.length > 2000 ? 150 : 0);
  });
  form.addEventListener('reset', () => setTimeout(apply));
  form.addEventListener('submit', (event) => event.preventDefault());
  const fold = form.querySelector('.fold');
  const allOpen = () => groups.every(({ open }) => open);
  const nameFold = () => {
    fold.textContent = allOpen() ? 'Close all' : 'Open all';
  };
  fold.addEventListener('click', () => {
    const open = !allOpen();
    for (const group of groups) group.open = open;
    nameFold();
  });
  for (const group of groups) group.addEventListener('toggle', nameFold);
  nameFold();
  form.hidden = false;
  apply();

  for (const box of all('.cmd')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = 'Copy';
    button.setAttribute('aria-label', 'Copy the command');
    button.addEventListener('click', async () => {
      const code = box.querySelector('code');
      try {
        await navigator.clipboard.writeText(code.textContent);
      } catch {
        getSelection().selectAllChildren(code);
        document.execCommand('copy');
      }
      button.textContent = 'Copied';
      button.setAttribute('aria-label', 'Copied');
      setTimeout(() => {
        button.textContent = 'Copy';
        button.setAttribute('aria-label', 'Copy the command');
      }, 2000);
    });
    box.append(button);
  }

  // On paper everything is open, whatever is folded or filtered on the screen.
  let folded = [];
  addEventListener('beforeprint', () => {
    folded = all('details:not([open])');
    for (const each of folded) each.open = true;
  });
  addEventListener('afterprint', () => {
    for (const each of folded) each.open = false;
  });
})();
`;
