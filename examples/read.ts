// Reads a trace, from sysdig or from us, of any age. Needs no privilege and no Linux.
// npx tsx examples/read.ts [FILE]
import { lineText, openFile } from 'sysring'

await using trace = await openFile(process.argv[2] ?? 'examples/trace.scap.gz')
let failed = 0

for await (const burst of trace) {
  for (const ev of burst) {
    if (!ev.is('openat', 'exit') || (ev.args.fd ?? 0) >= 0) continue
    failed++
    console.log(lineText(ev))
  }
}
console.log(`${failed} opens failed, of ${trace.stats().delivered} events`)
