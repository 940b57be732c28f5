/**
 * Captures system calls and a NIC of the network namespace that it runs in, merged: `tsx listener.ts DEVICE`, with a channel to its
 * parent. It says 'ready' when it captures. What was spoken comes as a message: then it ends, and answers with a Report.
 */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Event, merge, open } from '../../../lib/index.js'
import type { MergedStats } from '../../../lib/merge/capture.js'
import { type Findings, Heard, type Spoken } from '../../helpers/talk.js'

export interface Report {
  findings: Findings
  stats: MergedStats
}

/** Until the last packets and events have reached their rings. */
const LAST_MS = 300

await using merged = merge([await open('sysdig:bpf', { state: true }), await open(process.argv[2], { bpf: 'tcp or udp' })])
const events: Event[] = []
const reading = (async () => {
  // Which ports are whose is known in the end only.
  for await (const burst of merged) for (const ev of burst) if (ev.packet !== undefined || ev.comm === 'talk') events.push(ev.retain())
})()
process.send!('ready')
const [spoken] = await once(process, 'message') as [Spoken[]]
await sleep(LAST_MS)
merged.stop()
await reading
const heard = new Heard(spoken)
for (const ev of events) heard.hear(ev)
heard.judge()
process.send!({ findings: heard.findings, stats: merged.stats() } satisfies Report)
process.disconnect()
