// Loaded by NODE_OPTIONS into an executable that is being checked: notes what V8 did with the code cache of each script.
const { appendFileSync } = require('node:fs');
const { basename } = require('node:path');
const vm = require('node:vm');

const notes = [];
vm.Script = class extends vm.Script {
  constructor(source, options) {
    super(source, options);
    const { cachedDataRejected } = this;
    // Undefined where no cache was given.
    const cache = { undefined: 'none', true: 'rejected', false: 'accepted' }[cachedDataRejected];
    notes.push({ chunk: basename(options.filename), cache, words: process.argv.slice(2) });
  }
};
process.once('exit', () => {
  for (const note of notes) appendFileSync(process.env.SCRIPTS_FILE, `${JSON.stringify(note)}\n`);
});
