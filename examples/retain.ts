// Keeping events beyond their burst: retain() copies one, everything else is a view into the ring.
// Run as root: npx tsx examples/retain.ts
import { type Event, open } from 'sysring'

await using calls = await open('sysdig', { syscalls: ['execve', 'execveat'], maxEvents: 20 })
const execs: Event[] = []

for await (const burst of calls) for (const ev of burst) execs.push(ev.retain())

for (const ev of execs) {
  if (ev.is('execve', 'exit')) console.log(ev.args.pid, ev.args.res, ev.args.exe, ev.args.args?.join(' '))
}
