// Lines in a format of one's own: text and %fields, as of `sysring fields`. Events without one of them have no line.
// npx tsx examples/format.ts ['%evt.time.s %proc.name(%proc.pid) %evt.type %fd.name'] [FILE]
import { lineFormat, openFile } from 'sysring'

const [format = '%evt.time.s %12proc.name %proc.pid %evt.type %fd.type %fd.name', file = 'examples/trace.scap.gz'] = process.argv.slice(2)

const trace = await openFile(file, { state: true })
const line = lineFormat(format)

for await (const burst of trace) {
  for (const ev of burst) {
    if (ev.dir !== 'exit') continue
    const text = line(ev)
    if (text !== undefined) console.log(text)
  }
}
