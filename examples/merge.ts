// Packets with the process that owns their socket, in time with the system calls of that process.
// As root: npx tsx examples/merge.ts eth0 ['proc.name = curl']        or: npx tsx examples/merge.ts calls.scap packets.pcap [FILTER]
import { isCaptureError, lineText, merge, open, openFile } from 'sysring'

const isFile = /\.(scap|pcap|pcapng)(\.gz)?$/
const args = process.argv.slice(2)
const files = args.filter(arg => isFile.test(arg))
const [device = 'lo', filter] = files.length > 0 ? ['', args[files.length]] : args
try {
  const sources = files.length > 0
    ? await Promise.all(files.map(file => openFile(file, { state: true })))
    : [await open('sysdig', { state: true, maxDurationMs: 10_000 }), await open(device, { maxDurationMs: 10_000 })]
  await using both = merge(sources, filter === undefined ? {} : { filter })
  for await (const burst of both) {
    for (const ev of burst) {
      if (ev.packet === undefined) {
        if (filter !== undefined || ev.field('evt.category') === 'net') console.log(lineText(ev))
        continue
      }
      const { process: owner, peer } = ev
      const who = owner === undefined ? 'nobody here' : `${owner.comm} (${owner.pid}${owner.container === undefined ? '' : ` in ${owner.container}`})`
      console.log(`${ev.num} ${ev.field('evt.time')} ${ev.len} bytes ${owner?.direction ?? '-'} ${who}${peer === undefined ? '' : ` to ${peer.comm} (${peer.pid})`}`)
    }
  }
  console.error(both.stats().attribution)
} catch (error) {
  if (!isCaptureError(error)) throw error
  console.error(`${error.message}\nhint: ${error.hint}`)
  process.exitCode = 2
}
