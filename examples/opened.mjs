// Which files did each process open, and which could it not? Of a trace, or live for ten seconds.
// node examples/opened.mjs [FILE | live]
import { open, openFile } from 'sysring'

const [source = 'examples/trace.scap.gz'] = process.argv.slice(2)
const options = { filter: "evt.type in (open, openat, openat2, creat) and evt.dir = '<'", state: true }
const capture = source === 'live' ? await open('sysdig', { ...options, maxDurationMs: 10_000 }) : await openFile(source, options)

const processes = new Map() // name → { opened: path → times, failed: path and error → times }
for await (const burst of capture) {
  for (const ev of burst) {
    const name = ev.comm ?? '?'
    if (!processes.has(name)) processes.set(name, { opened: new Map(), failed: new Map() })
    const { opened, failed } = processes.get(name)
    const path = ev.field('fd.name') ?? '?'
    if (ev.field('evt.failed')) count(failed, `${path} (${ev.field('evt.res')})`)
    else count(opened, path)
  }
}

function count(paths, path) {
  paths.set(path, (paths.get(path) ?? 0) + 1)
}

for (const [name, { opened, failed }] of processes) {
  console.log(`${name}: ${opened.size} files opened, ${failed.size} not`)
  for (const [path, times] of opened) console.log(`  ${String(times).padStart(5)}  ${path}`)
  for (const [path, times] of failed) console.log(`  ${String(times).padStart(5)}  ${path}`)
}
