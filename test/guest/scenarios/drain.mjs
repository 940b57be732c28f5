// timeout: 200
// How fast we take events from a ring while they are made, over more than 20 wraps, beside a plain reader in C: in turn.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import { open } from 'sysring'
import { run } from './tools/program.mjs'
import { leave } from './tools/result.mjs'

const COUNT = 2_300_000
const ROUNDS = 2

async function plain() {
  const reader = spawn('ringread', ['-f', '-c', String(2 * COUNT)], { stdio: ['ignore', openSync('/tmp/ringread.json', 'w'), 'pipe'] })
  const ended = once(reader, 'exit')
  await once(reader.stderr, 'data')
  await run('flood', 0, COUNT)
  await ended
  const { events, gaps, bad, wraps, seconds } = JSON.parse(readFileSync('/tmp/ringread.json', 'utf8'))
  return { events, gaps, bad, wraps, seconds }
}

async function ours(count) {
  const capture = await open('sysdig:kmod', { syscalls: ['setns'], tracepoints: [], includeSelf: true })
  const done = run('flood', 0, count).then(() => capture.stop())
  let events = 0, enters = 0, bytes = 0, gaps = 0, bad = 0, last = 0, first = 0, ended = 0
  for await (const burst of capture) {
    if (first === 0) first = performance.now()
    for (const ev of burst) {
      events++
      bytes += ev.len
      // The enter event of the nth call has descriptor −n. One that is missing moves all that follow: it is enough to look at some.
      if ((ev.type & 1) !== 0 || ++enters % 32 !== 0) continue
      const { fd } = ev.args
      if (fd !== last - 32) gaps++
      if (fd >= last || fd < -count) bad++
      last = fd
    }
    ended = performance.now()
  }
  await done
  return { events, gaps, bad, wraps: Math.floor(bytes / (8 << 20)), seconds: (ended - first) / 1000, dropped: capture.stats().dropped.total }
}

// An emulated machine takes seconds to compile what a real one does in a few milliseconds: not what is measured here.
await ours(COUNT / 10)
const rounds = []
for (let round = 0; round < ROUNDS; round++) rounds.push({ plain: await plain(), ours: await ours(COUNT) })
leave({ made: 2 * COUNT, rounds })
