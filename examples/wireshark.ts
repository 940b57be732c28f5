// A capture that tcpdump, tshark and Wireshark open: sysdig.pcapng. Ctrl-C ends it in good order.
// Run as root: npx tsx examples/wireshark.ts
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { open, pcapng } from 'sysring'

const calls = await open('sysdig', { maxDurationMs: 10_000 })
process.once('SIGINT', () => calls.stop())

await pipeline(calls, pcapng({ framing: 'ethernet' }), createWriteStream('sysdig.pcapng', { mode: 0o600 }))

console.log(calls.stats().delivered, 'events; now: tshark -r sysdig.pcapng | head')
