// Prints the events that a filter lets through, in sysdig's language.
// npx tsx examples/filter.ts 'proc.name = sh and evt.type in (open, openat)' [FILE]
// npx tsx examples/filter.ts 'fd.sport = 443' live
import { lineFormat, DEFAULT_FORMAT, explainFilter, isCaptureError, open, openFile } from 'sysring'

const [filter = 'evt.failed = true and fd.name startswith /etc', source = 'examples/trace.scap.gz'] = process.argv.slice(2)
const options = { filter, state: true }

try {
  console.error(explainFilter(filter)) // what of it the kernel can decide, when it is live
  const capture = source === 'live' ? await open('sysdig', { ...options, maxDurationMs: 10_000 }) : await openFile(source, options)
  const line = lineFormat(DEFAULT_FORMAT)
  for await (const burst of capture) {
    for (const ev of burst) console.log(line(ev))
  }
  const { delivered, filtered } = capture.stats()
  console.error(`${delivered} events, ${filtered} filtered`)
} catch (error) {
  if (!isCaptureError(error)) throw error
  console.error(`${error.message}\nhint: ${error.hint}`) // the message shows where the filter is wrong
  process.exitCode = 2
}
