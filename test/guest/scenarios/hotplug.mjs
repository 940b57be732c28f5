// timeout: 100
// A CPU that is offline has no ring; one that comes online later ends the capture, loudly. One that goes and comes is no harm.
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { open } from 'sysring'
import { run } from './tools/program.mjs'
import { leave } from './tools/result.mjs'

const online = yes => writeFileSync('/sys/devices/system/cpu/cpu1/online', yes ? '1' : '0')
const flood = cpu => run('flood', cpu, 1000)

async function during(work) {
  const capture = await open('sysdig:kmod', { syscalls: ['setns'], tracepoints: [], includeSelf: true })
  const events = {}
  const worked = work().finally(() => capture.stop())
  let code
  try {
    for await (const burst of capture) for (const ev of burst) events[`${ev.name} ${ev.cpu}`] = (events[`${ev.name} ${ev.cpu}`] ?? 0) + 1
  } catch (error) {
    code = error.code
  }
  await worked
  return { events, code, cpus: capture.stats().perCpu.map(({ cpu }) => cpu) }
}

const result = {}
online(false)
result.offline = await during(() => flood(0))
result.comes = await during(async () => {
  await flood(0)
  online(true)
  await flood(1)
  await sleep(1500)
})
result.goesAndComes = await during(async () => {
  await flood(1)
  online(false)
  await sleep(200)
  online(true)
  await flood(1)
})
leave(result)
