// The eBPF probe, built on another kernel, watches a routine on this one.
import { lineText, open } from 'sysring'
import { start } from './tools/program.mjs'
import { leave } from './tools/result.mjs'

const routine = await start('routine', 0)
const capture = await open('sysdig:bpf', { pids: { allow: [routine.pid] } })
routine.go()
void routine.ended.finally(() => capture.stop())
const lines = []
for await (const burst of capture) for (const ev of burst) lines.push(lineText(ev))
const { seen, delivered, dropped, filtered } = capture.stats()
leave({ lines, seen, delivered, dropped: dropped.total, filtered })
