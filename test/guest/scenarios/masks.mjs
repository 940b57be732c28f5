// timeout: 100
// What is not wanted is left out by the module itself, as far as it can; the rest is left out afterwards, and counted.
import { readFileSync } from 'node:fs'
import { open } from 'sysring'
import { run } from './tools/program.mjs'
import { leave } from './tools/result.mjs'

async function during(options, work) {
  const capture = await open('sysdig:kmod', { tracepoints: [], ...options })
  const names = {}
  let longest = 0
  const worked = work().finally(() => capture.stop())
  for await (const burst of capture) {
    for (const ev of burst) {
      names[ev.name] = (names[ev.name] ?? 0) + 1
      if (ev.is('write', 'exit')) longest = Math.max(longest, ev.args.data.length)
    }
  }
  await worked
  const { seen, delivered, dropped, filtered, pending } = capture.stats()
  return { names, longest, seen, delivered, dropped: dropped.total, filtered, pending }
}

const flood = () => run('flood', 0, 20_000)
const floods = () => Promise.all([0, 1].map(cpu => run('flood', cpu, 5000)))
const writes = () => run('dd', 'if=/dev/zero', 'of=/dev/null', 'bs=4000', 'count=20')
const reads = async () => { for (let i = 0; i < 200; i++) readFileSync('/proc/self/stat') }
const parents = async () => {
  for (let i = 0; i < 50; i++) process.ppid
  await run('true')
}
const files = ['read', 'openat']

leave({
  own: await during({ syscalls: ['setns'], includeSelf: true }, flood),
  others: await during({ syscalls: ['openat', 'close'], includeSelf: true }, flood),
  generic: await during({ syscalls: ['getppid'], includeSelf: true }, parents),
  snaplen: await during({ syscalls: ['write'], snaplen: 1000 }, writes),
  noSnaplen: await during({ syscalls: ['write'], snaplen: 0 }, writes),
  withoutSelf: await during({ syscalls: files }, reads),
  withSelf: await during({ syscalls: files, includeSelf: true }, reads),
  withoutSwitch: await during({ syscalls: ['setns'], tracepoints: ['procexit'], includeSelf: true }, floods),
  withSwitch: await during({ syscalls: ['setns'], tracepoints: ['switch'], includeSelf: true }, floods),
})
