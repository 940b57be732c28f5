// timeout: 60
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { open } from 'sysring'
import { run, start } from './tools/program.mjs'
import { attempt, leave } from './tools/result.mjs'
const out = {}
const brief = c => { const s = c.stats(); return { ...s, perCpu: s.perCpu.map(p => `${p.cpu}: seen ${p.seen} delivered ${p.delivered} dropped ${p.dropped} filtered ${p.filtered} pending ${p.pending}`), sum: s.seen - s.delivered - s.dropped.total - s.filtered - s.pending } }
async function during(options, work) {
  const c = await open('sysdig:kmod', options)
  const names = {}
  const w = work().finally(() => c.stop())
  for await (const b of c) for (const ev of b) { const k = `${ev.dir === 'enter' ? '>' : '<'} ${ev.name}`; names[k] = (names[k] ?? 0) + 1 }
  await w
  return { probe: c.probe.driver, names: Object.entries(names).sort((a, b) => b[1] - a[1]).slice(0, 14).map(e => e.join(' ')).join(', '), ...brief(c) }
}
const step = async (name, f) => { try { out[name] = await f() } catch (e) { out[name] = { code: e.code, message: e.message } } console.log(name, out[name]) }
await step('default', () => during({}, async () => { const r = await start('routine', 0); r.go(); await r.ended }))
await step('setns', () => during({ syscalls: ['setns'], tracepoints: [], includeSelf: true }, () => run('flood', 0, 20000)))
await step('getppid', () => during({ syscalls: ['getppid'], tracepoints: [], includeSelf: true }, async () => { for (let i = 0; i < 50; i++) process.ppid }))
await step('execve', () => during({ syscalls: ['execve'], tracepoints: [] }, () => run('true')))
await step('openat', () => during({ syscalls: ['openat'], tracepoints: [] }, () => run('cat', '/etc/passwd')))
await step('pids', async () => { const r = await start('routine', 0); return during({ pids: { allow: [r.pid] } }, async () => { r.go(); await r.ended }) })
await step('tracepoints', () => during({ syscalls: ['setns'], tracepoints: ['switch', 'procexit', 'signaldeliver', 'page_fault'], includeSelf: true }, () => run('flood', 1, 1000)))
await step('overrun', async () => {
  const c = await open('sysdig:kmod', { syscalls: ['setns'], tracepoints: [], includeSelf: true })
  const made = await Promise.all([0, 1].map(cpu => run('flood', cpu, 400000)))
  c.stop()
  let n = 0
  for await (const b of c) for (const ev of b) n++
  return { made, n, ...brief(c) }
})
await step('openOverrun', async () => {
  const c = await open('sysdig:kmod', { syscalls: ['openat', 'close'], tracepoints: [], ringBytes: 1 << 17 })
  for (let i = 0; i < 8; i++) await run('sh', '-c', 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do cat /etc/passwd /etc/group /etc/passwd; done')
  c.stop()
  let n = 0
  for await (const b of c) for (const ev of b) n++
  return { n, ...brief(c) }
})
await step('parameter', async () => { try { return readFileSync('/sys/module/scap/parameters/g_buffer_bytes_dim', 'utf8') } catch { return 'none' } })
await step('snaplen', () => during({ syscalls: ['write'], tracepoints: [], snaplen: 60000 }, () => run('dd', 'if=/dev/zero', 'of=/dev/null', 'bs=4000', 'count=3')))
await step('exit', () => attempt('sysdig:kmod', { events: 'exit' }))
await step('both', () => attempt('sysdig:kmod', { events: 'both' }))
console.log('rmmod', spawnSync('rmmod', ['scap']).status)
leave(out)
