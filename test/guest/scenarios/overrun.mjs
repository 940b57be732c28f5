// timeout: 100
// More than the rings hold, while our capture does not look; then it takes what is there.
import { open } from 'sysring'
import { run } from './tools/program.mjs'
import { leave } from './tools/result.mjs'

const COUNT = 400_000
const capture = await open('sysdig:kmod', { syscalls: ['setns'], tracepoints: [], includeSelf: true })
const made = (await Promise.all([0, 1].map(cpu => run('flood', cpu, COUNT)))).map(Number)
capture.stop()

/** Of each CPU: the enter events' descriptors must go down, from −1. */
const last = [0, 0]
let wrong = 0
for await (const burst of capture) {
  for (const ev of burst) {
    if (ev.is('setns', 'enter')) {
      if (ev.args.fd >= last[ev.cpu] || ev.args.fd < -COUNT) wrong++
      last[ev.cpu] = ev.args.fd
    } else if (!ev.is('setns', 'exit')) {
      wrong++
    }
  }
}
leave({ made, wrong, stats: capture.stats() })
