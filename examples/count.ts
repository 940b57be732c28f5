// How often is each system call made, for five seconds? Run as root: npx tsx examples/count.ts
import { open } from 'sysring'

await using calls = await open('sysdig', { events: 'exit', maxDurationMs: 5_000 })
const counts = new Map<string, number>()

for await (const burst of calls) // leased: valid until the next turn of this loop
  for (const ev of burst) counts.set(ev.name, (counts.get(ev.name) ?? 0) + 1)

for (const [name, count] of [...counts].sort((a, b) => b[1] - a[1]).slice(0, 15)) {
  console.log(String(count).padStart(9), name)
}
const { seen, dropped } = calls.stats()
console.log(`${seen} seen, ${dropped.total} dropped`)
