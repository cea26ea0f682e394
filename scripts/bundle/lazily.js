// Imports that load when they are used.

/** An import of CommonJS as it was compiled, with what makes a module of it: all uses of NAME are `NAME.member`. */
const IMPORT =
  /^(?:const|let|var) (?<name>[\w$]+) = (?<value>(?:__importDefault|__importStar)?\(?require\("(?<from>[^"]+)"\)\)?);(?:\n\k<name> = (?<wrap>\S+\()\k<name>(?<rest>.*\));)?$/gm;

/** An import of CommonJS by a module, as the bundler writes it. */
const INTEROP = /^var (?<name>import_[\w$]+) = (?<value>.*__toESM\(.*\));$/gm;

/** Makes imports calls that load when they are used first, once; `which` says of what. */
export function lazily(code, which) {
  const names = [];
  const lazy = (statement, ...found) => {
    const { name, value, from, wrap = '', rest = '' } = found.at(-1);
    if (from !== undefined && !which(from)) return statement;
    names.push(name);
    return `let ${name}$; function ${name}() { return ${name}$ ??= ${wrap}${value}${rest}; }`;
  };
  const lazyCode = code.replace(IMPORT, lazy).replace(INTEROP, lazy);
  return names.reduce((text, name) => {
    // A spread ends in a dot, too.
    const use = `(?<![\\w$]|(?<!\\.\\.)\\.)${name.replaceAll('$', '\\$')}`;
    const made = text.replace(new RegExp(`${use}(?=\\.|\\))`, 'g'), () => `(${name}())`);
    const other = new RegExp(`${use}(?![\\w$(])`);
    if (other.test(made.replace(/require\("[^"]+"\)/g, '')))
      throw new Error(`${name} is used in another way`);
    return made;
  }, lazyCode);
}
