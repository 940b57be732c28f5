// An analyzer of one's own: which directories are written to, and how much. It runs on one thread or on several.
// npx tsx examples/analyzer.ts trace.scap.gz; or as an analyzer like those that come with it: sysring run ./examples/analyzer.ts -i sysdig --workers 2
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineAnalyzer, run } from 'sysring/analyze'
import { openFile } from 'sysring'

const written = defineAnalyzer({
  name: 'written',
  about: 'Directories that are written to, by bytes',
  module: import.meta.url,
  filter: 'fd.type = file and evt.is_io_write = true and evt.dir = <',
  fields: ['fd.name', 'evt.rawarg.res'],
  columns: [{ name: 'bytes', title: 'Bytes', unit: 'bytes' }, { name: 'directory', title: 'Directory' }],
  start: () => new Map<string, number>(),
  event(sums, ev, [name, res]) {
    const path = dirname(name(ev) ?? '?')
    sums.set(path, (sums.get(path) ?? 0) + Math.max(0, Number(res(ev) ?? 0)))
  },
  merge(into, from) {
    for (const [path, bytes] of from) into.set(path, (into.get(path) ?? 0) + bytes)
  },
  report: sums => ({ rows: [...sums].sort(([, a], [, b]) => b - a).map(([path, bytes]) => [bytes, path]) }),
})
export default written

const [, script, file] = process.argv
if (script === fileURLToPath(import.meta.url) && file !== undefined) {
  for await (const { rows } of run(written, { on: options => openFile(file, options) })) console.table(rows)
}
