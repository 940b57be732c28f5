// Programs that know nothing of queues consume them: each gets one as a pcapng stream on its standard input, here tcpdump.
// From a shell: sysring balance -c 7 -n 2, then sysring dump -i cluster:7@0 -w - | tcpdump -r -
// Run as root: npx tsx examples/tcpdump.ts
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { pipeline } from 'node:stream/promises'
import { balance, open, pcapng } from 'sysring'

await using cluster = await balance(await open('sysdig', { maxDurationMs: 3_000 }), { by: 'tid', queues: 2, queueBytes: 64 << 20 })

await Promise.all(cluster.devices.map(async device => {
  const tcpdump = spawn('tcpdump', ['-n', '-r', '-', '--count'], { stdio: ['pipe', 'pipe', 'ignore'] })
  tcpdump.stdout.on('data', text => console.log(`${device}: ${String(text).trim()}`))
  await Promise.all([pipeline(await open(device), pcapng({ framing: 'ethernet' }), tcpdump.stdin), once(tcpdump, 'close')])
}))
for (const { device, received, dropped } of cluster.stats().queues) console.log(`${device}: ${received} placed, ${dropped} dropped`)
