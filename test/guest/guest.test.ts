// timeout: 400
/** The real sysdig kernel module, in a guest: what comes out of its rings, and who else says so. */
import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { run } from '../helpers/run.js'
import { suite, type TestOptions } from '../helpers/suite.js'
import { type Left, prepare, runInGuest, scenarioNames } from './guest.js'
import { compare, ringreadRecords, scapRecords } from './records.js'
import { note, table } from './table.js'
import { Unavailable } from './unavailable.js'

const test = suite('guest', { timeoutMs: 60_000 })
const scenarios = scenarioNames()
const kernel = await prepare().catch(error => {
  if (error instanceof Unavailable) return error.message
  throw error
})
let guest: Left

test.before(async () => {
  if (typeof kernel === 'string') return
  guest = await runInGuest(kernel, scenarios)
  note(`Linux ${kernel.release}, scap ${kernel.moduleVersion}: ${guest.ran.map(({ name, seconds }) => `${name} ${seconds.toFixed(1)} s`).join(', ')}`)
})

/** A test of what a scenario left. */
function show(scenario: string, name: string, body: () => void | Promise<void>, options?: TestOptions): void {
  if (typeof kernel === 'string') test.skip(name, kernel)
  else if (!scenarios.includes(scenario)) test.skip(name, `$GUEST does not name ${scenario}`)
  else test(name, body, options)
}

interface RingReader {
  events: number
  wraps: number
  bad: number
  gaps: number
  seconds: number
  busy: number
  cpus: { cpu: number; events: number; flood: number; n_evts: number; drops_buffer: number; drops_pf: number; preemptions: number }[]
}

show('sysdig', 'each record in sysdig\'s file is one of the plain reader\'s', async () => {
  const { sysdig, reader } = guest.result('sysdig') as { sysdig: number; reader: RingReader }
  const { compared, identical, missing, extra } = compare(await scapRecords(guest.file('sysdig.scap')), ringreadRecords(guest.file('ringread.records')))
  const drops = Number(/Driver Drops:(\d+)/.exec(readFileSync(guest.file('sysdig.stderr'), 'utf8'))![1])
  const own = extra.get(sysdig) ?? 0
  const others = [...extra.values()].reduce((sum, count) => sum + count, 0) - own
  table(['sysdig -w and', 'compared', 'identical', 'extra of sysdig', 'extra of others', 'dropped'], [['plain reader', compared, identical, own, others, drops]])
  assert.equal(missing, [])
  assert.is(identical, compared)
  assert.ok(compared > 5000, `${compared} records`)
  assert.is(others, 0, 'sysdig hides nothing but itself')
  assert.is(reader.bad + drops, 0)
})

show('sysdig', 'sysdig says the same of its file here as in the guest', async () => {
  const { code, stdout } = await run('sysdig', ['-r', guest.file('sysdig.scap')], { env: { TZ: 'UTC' } })
  assert.is(code, 0)
  assert.ok(stdout === readFileSync(guest.file('sysdig.txt'), 'utf8'))
})

show('overload', 'what the plain reader got and what the module dropped is what was made', () => {
  const { made, reader } = guest.result('overload') as { made: number[]; reader: RingReader }
  table(['overload', 'made', 'delivered', 'dropped'], reader.cpus.map(({ cpu, events, drops_buffer }) => [`CPU ${cpu}`, 2 * made[cpu], events, drops_buffer]))
  for (const { cpu, events, n_evts, drops_buffer, drops_pf, preemptions } of reader.cpus) {
    assert.is(events + drops_buffer + drops_pf + preemptions, 2 * made[cpu])
    assert.is(n_evts, 2 * made[cpu])
    assert.ok(drops_buffer > 0)
  }
  assert.is(reader.bad, 0)
})

show('throughput', 'a plain reader takes all that is made, over 20 wraps of the ring', () => {
  const { made, reader } = guest.result('throughput') as { made: number; reader: RingReader }
  const rate = (seconds: number) => Math.round(reader.events / seconds)
  table(
    ['throughput', 'events', 'wraps', 'dropped', 'events/s', 'while reading'],
    [['plain reader', reader.events, reader.wraps, 2 * made - reader.events, rate(reader.seconds), rate(reader.busy)]],
  )
  assert.is(reader.cpus[0].flood, made)
  assert.is(reader.bad + reader.gaps, 0)
  assert.ok(reader.wraps >= 20)
})

show('bpf', 'the eBPF probe, built on another kernel, runs on this one', () => {
  const { lines, seen, delivered, dropped, filtered } = guest.result('bpf') as { lines: string[]; seen: number; delivered: number; dropped: number; filtered: number }
  assert.is(seen, delivered + dropped + filtered)
  assert.is(dropped, 0)
  assert.is(lines.length, delivered)
  const text = lines.join('\n')
  for (const call of ['> openat ', '< accept ', '> epoll_wait ', '> kill ', '> clone ']) assert.ok(text.includes(call), `${call} in:\n${text}`)
})
