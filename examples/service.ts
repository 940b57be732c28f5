// How long does a service take for a request: from the recv that brings it to the send that answers? A histogram in powers of two.
// npx tsx examples/service.ts PORT|PROCESS [FILE]     live for ten seconds, or of a trace
import { open, openFile } from 'sysring'

const [service = '80', file] = process.argv.slice(2)
const whose = /^\d+$/.test(service) ? `fd.sport = ${service}` : `proc.name = ${service} and fd.type in (ipv4, ipv6)`
const options = { filter: `${whose} and evt.is_io = true and evt.dir = <`, state: true }
const capture = file === undefined ? await open('sysdig', { ...options, maxDurationMs: 10_000 }) : await openFile(file, options)

// Of each connection of a process: when the request at hand came, or that there is none. Who receives first is the server.
const connections = new Map<string, bigint | 'answered' | 'client'>()
const counts: number[] = []
for await (const burst of capture) {
  for (const ev of burst) {
    const key = `${ev.pid} ${ev.field('fd.name')}`
    const state = connections.get(key)
    const bytes = Number(ev.field('evt.rawarg.res') ?? 0)
    const receives = ev.field('evt.is_io_read')
    if (bytes === 0 && receives) connections.delete(key) // the other end has closed it
    else if (bytes <= 0 || state === 'client') continue
    else if (receives && typeof state !== 'bigint') connections.set(key, ev.ts)
    else if (!receives && state === undefined) connections.set(key, 'client')
    else if (!receives && typeof state === 'bigint') {
      connections.set(key, 'answered')
      const bucket = Math.max(0, Math.ceil(Math.log2(Number(ev.ts - state) / 1000)))
      counts[bucket] = (counts[bucket] ?? 0) + 1
    }
  }
}

const buckets = Object.entries(counts) // those that are not empty
const most = Math.max(...counts.filter(count => count > 0))
console.log(`${buckets.reduce((sum, [, count]) => sum + count, 0)} requests to ${service}`)
for (const [bucket, count] of buckets) console.log(`≤ ${2 ** Number(bucket)} µs`.padStart(14), String(count).padStart(7), '#'.repeat(Math.ceil((40 * count) / most)))
