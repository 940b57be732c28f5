// timeout: 100
// As many consumers as the module takes, and one more.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { open } from 'sysring'
import { run } from './tools/program.mjs'
import { attempt, leave } from './tools/result.mjs'

const FILE = '/tmp/consumers.scap'
const limit = Number(readFileSync('/sys/module/scap/parameters/max_consumers', 'utf8'))
const options = { syscalls: ['setns'], tracepoints: [], includeSelf: true }
const captures = []
while (captures.length < limit) captures.push(await open('sysdig:kmod', options))
const another = await attempt('sysdig:kmod', options)
// Nobody else gets in either.
const sysdig = spawnSync('sysdig', ['-n', '1']).status

// One that leaves makes room for sysdig, beside the others.
await captures.pop().close()
const beside = spawn('sysdig', ['-w', FILE], { stdio: 'inherit' })
// It opens the file once the capture runs.
while (!existsSync(FILE) || statSync(FILE).size === 0) await sleep(100)
const besideSysdig = await attempt('sysdig:kmod', options)
await run('flood', 0, 1000)
beside.kill('SIGINT')
await once(beside, 'exit')
const afterwards = await attempt('sysdig:kmod', options)

const delivered = []
for (const capture of captures) {
  capture.stop()
  let events = 0
  for await (const burst of capture) for (const ev of burst) if (ev.name === 'setns') events++
  delivered.push(events)
}
const theirs = (await run('sysdig', '-r', FILE, 'evt.type=setns')).trim().split('\n').length
leave({ limit, another, sysdig, besideSysdig, afterwards, delivered, theirs })
