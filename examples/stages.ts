// A pipeline of threads: the first stage leaves out what is not asked for, the second says how long each call took, and what comes out
// is one more device. PF_RING's zpipeline. From a shell: sysring pipeline -c 8 ./files.stage.js ./slow.stage.js
// Run as root: npx tsx examples/stages.ts
import { open, pipeline } from 'sysring'

await using chain = await pipeline(await open('sysdig', { maxDurationMs: 5_000 }), [
  new URL('./files.stage.ts', import.meta.url),
  new URL('./slow.stage.ts', import.meta.url),
])

for await (const burst of await open(chain.device, { state: true })) {
  for (const ev of burst) console.log(ev.comm, ev.tid, ev.name, ev.field('fd.name') ?? '', ev.note)
}
for (const { stage, seen, passed, refused, dropped } of chain.stats().stages) {
  console.log(`${stage}: ${seen} seen = ${passed} passed + ${refused} refused + ${dropped} dropped`)
}
