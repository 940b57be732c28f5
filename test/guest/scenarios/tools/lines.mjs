// The same program for every probe: node lines.mjs DEVICE FILE writes what that device tells of one run of routine.
import { writeFileSync } from 'node:fs'
import { lineText, open } from 'sysring'
import { start } from './program.mjs'

const [device, file] = process.argv.slice(2)
const routine = await start('routine', 0)
const capture = await open(device, { pids: { allow: [routine.pid], children: true } })
routine.ended.then(() => capture.stop())
routine.go()
const lines = []
for await (const burst of capture) for (const ev of burst) lines.push(lineText(ev))
writeFileSync(file, lines.join('\n') + '\n')
console.log(JSON.stringify({ probe: capture.probe.device, stats: capture.stats() }))
