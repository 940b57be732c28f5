// timeout: 60
// How fast we take events from a ring while they are made, over more than 20 wraps, beside a plain reader in C: in turn.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, openSync, writeFileSync } from 'node:fs'
import { open } from 'sysring'

const COUNT = 2_300_000
const ROUNDS = 2

async function flood() {
  const child = spawn('flood', ['0', String(COUNT)], { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`flood ended with ${code}`)
}

async function plain() {
  const reader = spawn('ringread', ['-f', '-c', String(2 * COUNT)], { stdio: ['ignore', openSync('/tmp/ringread.json', 'w'), 'pipe'] })
  await once(reader.stderr, 'data')
  await flood()
  await once(reader, 'exit')
  return JSON.parse(readFileSync('/tmp/ringread.json', 'utf8'))
}

async function ours() {
  const capture = await open('sysdig:kmod', { syscalls: ['setns'], tracepoints: [] })
  const done = flood().then(() => capture.stop())
  let events = 0, bytes = 0, bad = 0, expected = -1, first = 0n, ended = 0n
  for await (const burst of capture) {
    for (const ev of burst) {
      events++
      bytes += ev.len
      if (ev.dir === 'exit') continue
      // Where the descriptor is not the next one, something is missing or torn.
      if (ev.args.fd !== expected) bad++
      expected--
    }
    if (first === 0n) first = process.hrtime.bigint()
    ended = process.hrtime.bigint()
  }
  await done
  const seconds = Number(ended - first) / 1e9
  return { events, bad, wraps: Math.floor(bytes / (8 << 20)), dropped: capture.stats().dropped.total, seconds, perSecond: events / seconds }
}

const rounds = []
for (let round = 0; round < ROUNDS; round++) rounds.push({ plain: await plain(), ours: await ours() })
writeFileSync('/out/drain.json', JSON.stringify({ made: 2 * COUNT, rounds }))
