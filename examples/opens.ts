// Which files are opened, and which are not there? The arguments are typed by the event's name.
// Run as root: npx tsx examples/opens.ts
import { open } from 'sysring'

await using calls = await open('sysdig', { syscalls: ['open', 'openat', 'openat2', 'creat'], maxDurationMs: 10_000 })

for await (const burst of calls) {
  for (const ev of burst) {
    if (!ev.is('openat', 'exit')) continue
    const { fd = -1, name } = ev.args // name: string | undefined
    console.log(ev.tid, fd >= 0 ? `fd ${fd}` : `error ${-fd}`, name)
  }
}
