// Writes to files that are called like logs: several lines at once, empty ones, and what is no ASCII.
import { appendFileSync } from 'node:fs'

const [folder] = process.argv.slice(2)
for (const text of ['first\n\nsecond: an ERROR\n', 'grün, \x1b[31mred\x1b[0m, and a tab\t.\n', 'warning before a NUL\0and behind it\n', '\x1b\x01\n', '\n']) {
  appendFileSync(`${folder}/app.log`, text)
}
appendFileSync(`${folder}/app.log.gz`, 'not told of')
