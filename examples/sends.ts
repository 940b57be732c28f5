// Which process sends to this address, over which service, and how much? Live for ten seconds, or of a trace.
// npx tsx examples/sends.ts ADDRESS|NET/BITS [FILE]
import { isCaptureError, open, openFile } from 'sysring'

const [address = '127.0.0.1', file] = process.argv.slice(2)
const isNet = address.includes('/')
const options = { filter: `fd.r${isNet ? 'net' : 'ip'} = ${address} and evt.is_io_write = true and evt.dir = <`, state: true }

try {
  const capture = file === undefined ? await open('sysdig', { ...options, maxDurationMs: 10_000 }) : await openFile(file, options)
  const sent = new Map<string, { calls: number; bytes: number }>()
  for await (const burst of capture) {
    for (const ev of burst) {
      const bytes = Number(ev.field('evt.rawarg.res') ?? 0)
      if (!(bytes > 0)) continue
      const key = `${ev.comm} (${ev.pid})  ${ev.field('fd.l4proto')} ${ev.field('fd.rip')} service port ${ev.field('fd.sport')}`
      const sum = sent.get(key) ?? { calls: 0, bytes: 0 }
      sent.set(key, { calls: sum.calls + 1, bytes: sum.bytes + bytes })
    }
  }
  for (const [key, { calls, bytes }] of [...sent].sort(([, a], [, b]) => b.bytes - a.bytes)) console.log(`${String(bytes).padStart(12)} bytes  ${String(calls).padStart(7)} calls  ${key}`)
  if (sent.size === 0) console.log(`nobody has sent anything to ${address}`)
} catch (error) {
  if (!isCaptureError(error)) throw error
  console.error(`${error.message}\nhint: ${error.hint}`)
  process.exitCode = 2
}
