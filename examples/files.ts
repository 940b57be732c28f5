// Which files did each process open, and which could it not? Of a trace, or live for ten seconds.
// npx tsx examples/files.ts [FILE | live]
import { open, openFile } from 'sysring'

const [source = 'examples/trace.scap.gz'] = process.argv.slice(2)
const options = { filter: "evt.type in (open, openat, openat2, creat) and evt.dir = '<'", state: true }
const capture = source === 'live' ? await open('sysdig', { ...options, maxDurationMs: 10_000 }) : await openFile(source, options)

interface Files {
  opened: Map<string, number> // path → times
  failed: Map<string, number> // path and error → times
}

const processes = new Map<string, Files>()
for await (const burst of capture) {
  for (const ev of burst) {
    const name = ev.comm ?? '?'
    const { opened, failed } = processes.get(name) ?? { opened: new Map(), failed: new Map() }
    processes.set(name, { opened, failed })
    const path = ev.field('fd.name') ?? '?'
    if (ev.field('evt.failed')) count(failed, `${path} (${ev.field('evt.res')})`)
    else count(opened, path)
  }
}

function count(paths: Map<string, number>, path: string): void {
  paths.set(path, (paths.get(path) ?? 0) + 1)
}

for (const [name, { opened, failed }] of processes) {
  console.log(`${name}: ${opened.size} files opened, ${failed.size} not`)
  for (const [path, times] of opened) console.log(`  ${String(times).padStart(5)}  ${path}`)
  for (const [path, times] of failed) console.log(`  ${String(times).padStart(5)}  ${path}`)
}
