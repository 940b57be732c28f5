// timeout: 100
// Two captures of ours and sysdig's, three consumers of the module at the same time, at the same work.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { open, scap, writeFile } from 'sysring'
import { run } from './tools/program.mjs'
import { leave } from './tools/result.mjs'

// sysdig sees this process, too, and every context switch.
const options = { includeSelf: true, tracepoints: ['procexit', 'signaldeliver', 'switch'] }
const captures = [await open('sysdig:kmod', options), await open('sysdig', options)]
const written = captures.map((capture, i) => writeFile(capture, `/out/beside.${i}.scap`, scap()))

const sysdig = spawn('sysdig', ['-v', '-w', '/out/beside.sysdig.scap'], { stdio: ['ignore', 'inherit', 'pipe'] })
let said = ''
sysdig.stderr.on('data', chunk => { said += chunk })
// It opens the file once the capture runs.
while (!existsSync('/out/beside.sysdig.scap') || statSync('/out/beside.sysdig.scap').size === 0) await sleep(100)

await run('work', 100)
await sleep(500)
sysdig.kill('SIGINT')
await once(sysdig, 'close')
for (const capture of captures) capture.stop()
await Promise.all(written)
leave({
  sysdig: sysdig.pid,
  sysdigDrops: Number(/Driver Drops:(\d+)/.exec(said)[1]),
  probes: captures.map(capture => capture.probe.device),
  stats: captures.map(capture => capture.stats()),
})
