// timeout: 1200
/** The real sysdig kernel module, in a guest: what comes out of its rings, and who else says so. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { ROOT, run } from '../helpers/run.js'
import { suite, type TestOptions } from '../helpers/suite.js'
import { ProgramComparison } from './comparison.js'
import { type Kernel, LATER_API } from './kernel.js'
import { type Left, prepare, runInGuest, scenarioNames } from './guest.js'
import { TRACE } from './host.js'
import { compare, ringreadRecords, scapRecords } from './records.js'
import { note, table } from './table.js'
import { readTold, type Root } from './told.js'
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

/** Columns: of those compared, how many are identical, or differ in memory in use only; what the other one has beside. */
const JUDGED = ['sysdig -w and', 'compared', 'identical', 'but memory', 'extra of sysdig', 'extra of others', 'dropped']

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
  const { compared, identical, moved, missing, extra } = compare(await scapRecords(guest.file('sysdig.scap')), ringreadRecords(guest.file('ringread.records')))
  const drops = Number(/Driver Drops:(\d+)/.exec(readFileSync(guest.file('sysdig.stderr'), 'utf8'))![1])
  const own = extra.get(sysdig) ?? 0
  const others = [...extra.values()].reduce((sum, count) => sum + count, 0) - own
  table(JUDGED, [['plain reader', compared, identical, moved, own, others, drops]])
  assert.equal(missing, [])
  assert.is(identical + moved, compared)
  assert.ok(moved <= compared / 1000, `${moved} records differ in memory in use`)
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

interface Stats {
  seen: number
  delivered: number
  dropped: { total: number; buffer: number }
  filtered: number
  pending: number
  perCpu: { cpu: number; seen: number; delivered: number; dropped: number }[]
}

show('beside', 'each record in sysdig\'s file is one of each of our two captures that ran beside it', async () => {
  const { sysdig, sysdigDrops, probes, stats } = guest.result('beside') as { sysdig: number; sysdigDrops: number; probes: string[]; stats: Stats[] }
  assert.equal(probes, ['sysdig:kmod', 'sysdig:kmod'], 'sysdig is the module where it is loaded')
  const judge = await scapRecords(guest.file('beside.sysdig.scap'))
  const rows: (string | number)[][] = []
  for (const i of [0, 1]) {
    const { compared, identical, moved, missing, extra } = compare(judge, await scapRecords(guest.file(`beside.${i}.scap`)))
    const own = extra.get(sysdig) ?? 0
    const others = [...extra.values()].reduce((sum, count) => sum + count, 0) - own
    rows.push([`our capture ${i + 1} of 2`, compared, identical, moved, own, others, stats[i].dropped.total + sysdigDrops])
    assert.equal(missing, [])
    assert.is(identical + moved, compared)
    assert.ok(moved <= compared / 1000, `${moved} records differ in memory in use`)
    assert.ok(compared > 5000, `${compared} records`)
    assert.is(others, 0, 'nothing extra but sysdig itself')
    assert.is(stats[i].dropped.total + sysdigDrops, 0)
    assert.is(stats[i].seen, stats[i].delivered)
  }
  table(JUDGED, rows)
})

show('overrun', 'what we delivered and what the module dropped is what was made', () => {
  const { made, wrong, stats } = guest.result('overrun') as { made: number[]; wrong: number; stats: Stats }
  table(['overload of ours', 'made', 'delivered', 'dropped'], stats.perCpu.map(({ cpu, delivered, dropped }) => [`CPU ${cpu}`, 2 * made[cpu], delivered, dropped]))
  for (const { cpu, seen, delivered, dropped } of stats.perCpu) {
    assert.is(seen, 2 * made[cpu])
    assert.is(delivered + dropped, 2 * made[cpu])
    assert.ok(dropped > 0 && delivered > 100_000)
  }
  assert.is(stats.dropped.buffer, stats.dropped.total)
  assert.is(stats.filtered + stats.pending, 0)
  assert.is(wrong, 0)
})

show('drain', 'we take what is made over 20 wraps of the ring, and nothing is torn', () => {
  const { made, rounds } = guest.result('drain') as { made: number; rounds: Record<'plain' | 'ours', { events: number; gaps: number; bad: number; wraps: number; seconds: number; dropped?: number }>[] }
  const rate = ({ events, seconds }: { events: number; seconds: number }) => Math.round(events / seconds)
  table(['drained at full rate', 'events', 'wraps', 'dropped', 'bad', 'events/s', 'to plain reader'], rounds.flatMap(({ plain, ours }) => [
    ['plain reader in C', plain.events, plain.wraps, made - plain.events, plain.bad, rate(plain), ''],
    ['ours', ours.events, ours.wraps, ours.dropped!, ours.bad, rate(ours), (rate(ours) / rate(plain)).toFixed(2)],
  ]))
  for (const { ours } of rounds) {
    assert.is(ours.events + ours.dropped!, made)
    assert.is(ours.bad, 0)
    if (ours.dropped === 0) assert.is(ours.gaps, 0)
  }
  assert.ok(rounds.reduce((sum, { ours }) => sum + ours.wraps, 0) >= 20)
})

show('programs', 'the module and the eBPF probe tell the same of the same programs, parameter by parameter', async () => {
  const runs = guest.result('programs') as Record<'kmod' | 'bpf', { programs: Root[]; stats: Stats }>
  const [module, bpf] = await Promise.all((['kmod', 'bpf'] as const).map(probe => readTold(guest.file(`programs.${probe}.scap`), runs[probe].programs)))
  for (const { stats } of Object.values(runs)) assert.is(stats.seen, stats.delivered + stats.filtered + stats.dropped.total)
  assert.is(runs.bpf.stats.dropped.total, 0)

  const { counts, causes, missing, unexplained, unused } = new ProgramComparison(module, bpf)
  table(['module and eBPF probe', 'events of both', 'parameters equal', 'renamed', 'not in 2022', 'listed'],
    [...counts].map(([program, { events, equal, renamed, later, listed }]) => [program, events, equal, renamed, later, listed]))
  table(['listed difference', 'count'], [...causes, ['events that the module dropped, and counted', missing.length]])
  assert.equal(unexplained, [])
  assert.equal(unused, [], 'listed, but did not occur')
  assert.is(missing.length, runs.kmod.stats.dropped.total, missing.join('\n'))
  for (const { name } of runs.bpf.programs) assert.ok(counts.get(name)!.equal > 50, name)
})

interface LoadedProgram {
  name: string
  type: number
  instructions: number
  verified: number
}

/** BPF_PROG_TYPE_TRACING: tp_btf and iter. */
const TRACING = 26
/** Of a name, the kernel keeps so many characters. */
const PROGRAM_NAME = 15

/** The programs of an object, in their order. */
function programsOf(source: string): string[] {
  const text = readFileSync(join(ROOT, 'native/probe/bpf', source), 'utf8')
  return [...text.matchAll(/^SEC\("(?:tp_btf|iter)\/\w+"\)\nint (?:BPF_PROG\()?(\w+)/gm)].map(([, name]) => name)
}

show('verifier', 'this kernel\'s verifier takes every program of ours, in both models', () => {
  const { release, both, exit } = guest.result('verifier') as { release: string; both: LoadedProgram[]; exit: LoadedProgram[] }
  assert.is(release, (kernel as Kernel).release)
  const names = [...programsOf('probe.bpf.c'), ...programsOf('iterators.bpf.c')]
  assert.ok(names.length > 10)
  const tracing = (loaded: LoadedProgram[]) => loaded.filter(({ type }) => type === TRACING)
  const kept = (wanted: string[]) => wanted.map(name => name.slice(0, PROGRAM_NAME))
  assert.equal(tracing(both).map(({ name }) => name), kept(names))
  // Where only exit events are wanted there is nothing to attach to sys_enter.
  const exitNames = names.filter(name => name !== 'sys_enter')
  assert.equal(tracing(exit).map(({ name }) => name), kept(exitNames))
  const cells = (program?: LoadedProgram) => program === undefined ? ['', ''] : [program.instructions, program.verified]
  table([`taken by Linux ${release}`, 'instructions (both)', 'verified', 'instructions (exit)', 'verified'],
    names.map((name, i) => [name, ...cells(tracing(both)[i]), ...cells(tracing(exit)[exitNames.indexOf(name)])]))
  for (const { name, verified } of [...tracing(both), ...tracing(exit)]) assert.ok(verified > 0, name)
})

interface Attempt {
  opened?: string
  code?: string
  message?: string
  hint?: string
}

show('consumers', 'as many consumers as the module takes; one more is told why not', () => {
  const result = guest.result('consumers') as { limit: number; sysdig: number; delivered: number[]; theirs: number } & Record<'another' | 'besideSysdig' | 'afterwards', Attempt>
  assert.is(result.limit, 5)
  for (const sixth of [result.another, result.besideSysdig]) {
    assert.is(sixth.code, 'ERR_CAPTURE_BUSY')
    assert.match(sixth.hint!, /max_consumers/)
  }
  assert.is.not(result.sysdig, 0, 'sysdig is refused, too')
  assert.is(result.afterwards.opened, 'sysdig:kmod')
  assert.equal(result.delivered, [2000, 2000, 2000, 2000])
  assert.is(result.theirs, 2000)
})

show('errors', 'what is wrong with the module is said by code', () => {
  const result = guest.result('errors') as Record<string, Attempt> & Record<'unload' | 'unloadWhileOpen', number>
  const fails = (name: string, code: string, message: RegExp) => {
    assert.is(result[name].code, code, `${name}: ${JSON.stringify(result[name])}`)
    assert.match(result[name].message!, message)
    assert.ok(result[name].hint)
  }
  fails('ringBytes', 'ERR_CAPTURE_OPTION', /rings of .* are 8 MiB/)
  fails('exitOnly', 'ERR_CAPTURE_OPTION', /enter and exit events/)
  fails('someNodes', 'ERR_CAPTURE_NO_DEVICE', /\/dev\/scap1 is missing or dead/)
  fails('unloaded', 'ERR_CAPTURE_NO_PROBE', /not loaded/)
  fails('stale', 'ERR_CAPTURE_NO_PROBE', /nothing is behind \/dev\/scap0/)
  fails('later', 'ERR_CAPTURE_VERSION', new RegExp(`API ${LATER_API}\\.0\\.0`))
  fails('notRoot', 'ERR_CAPTURE_PERM', /\/dev\/scap0/)
  assert.is.not(result.unloadWhileOpen, 0)
  assert.is(result.unload, 0, 'closing gave everything back')
  assert.is(result.allNodes.opened, 'sysdig:kmod')
  for (const name of ['ringBytesOfAnother', 'exitOnlyOfAnother', 'unloadedBest', 'laterBest']) assert.is(result[name].opened, 'sysdig:bpf', name)
})

show('masks', 'the module leaves out what it can, the rest is left out afterwards', () => {
  interface Masked { names: Record<string, number>; longest: number; seen: number; delivered: number; dropped: number; filtered: number; pending: number }
  const masks = guest.result('masks') as Record<string, Masked>
  for (const [name, { seen, delivered, dropped, filtered, pending }] of Object.entries(masks)) {
    assert.is(seen, delivered + filtered + pending, name)
    assert.is(dropped, 0, name)
  }
  assert.equal(masks.own.names, { setns: 40_000 })
  assert.is(masks.own.seen, 40_000)
  assert.ok(masks.others.seen < 10_000, 'the flood stays in the kernel')
  assert.equal(Object.keys(masks.others.names).sort(), ['close', 'openat'])
  assert.equal(Object.keys(masks.generic.names), ['getppid'])
  assert.ok(masks.generic.names.getppid >= 100 && masks.generic.filtered > 0)
  assert.is(masks.snaplen.longest, 1000)
  assert.ok(masks.noSnaplen.longest <= 1)
  assert.equal(masks.withoutSelf.names, {})
  assert.ok(masks.withoutSelf.filtered > 400)
  assert.ok(masks.withSelf.names.read >= 400)
  assert.is(masks.withoutSwitch.names.switch, undefined)
  assert.ok(masks.withoutSwitch.names.procexit >= 2)
  assert.ok(masks.withSwitch.names.switch > 0)
  assert.is(masks.withSwitch.names.procexit, undefined)
})

show('hotplug', 'a CPU that comes online without a ring ends the capture with an error', () => {
  const { offline, comes, goesAndComes } = guest.result('hotplug') as Record<string, { events: Record<string, number>; code?: string; cpus: number[] }>
  assert.equal(offline, { events: { 'setns 0': 2000 }, cpus: [0] })
  assert.equal(comes, { events: { 'setns 0': 2000 }, code: 'ERR_CAPTURE_HOTPLUG', cpus: [0] })
  assert.is(goesAndComes.code, undefined)
  assert.equal(goesAndComes.cpus, [0, 1])
  assert.is(goesAndComes.events['setns 1'], 4000)
  assert.ok(goesAndComes.events['cpu_hotplug 1'] > 0)
})

interface Memory {
  counted: string
  speed: Record<'local' | 'pci', { records: number; megabytes: number; seconds: number }[]>
  found: number[]
  delays: number[]
  unordered: number
  comms: string[]
  sha256: string
  stats: Stats
  calls: { made: number; native: boolean; dropped: number }
}

show('memory', 'queues that the host fills are read through PCI memory to the end, while it waits for room', async () => {
  const { counted, speed } = guest.result('memory') as Memory
  const { waits, whole } = await guest.host()
  const { events, dropped } = JSON.parse(counted.trimEnd().split('\n').at(-1)!) as { events: number; dropped: { total: number } }
  assert.equal(waits.queues.map(queue => [queue.received, queue.dropped]), [[events, 0], [events, 0]])
  assert.ok(waits.queues[0].bytes > 1 << 20, 'more than there is room for at once')
  assert.is(dropped.total, 0)
  assert.equal(await scapRecords(guest.file('memory.scap')), await scapRecords(TRACE))
  for (const { records } of [...speed.local, ...speed.pci]) assert.is(records, whole.queues[0].received)
  const row = (name: string, { records, megabytes, seconds }: Memory['speed']['pci'][0]) => [name, Math.round(records / seconds), (megabytes / seconds).toFixed(1)]
  table(['a full queue, read in the guest', 'records/s', 'MB/s'], [0, 1].flatMap(i => [row('in its own memory', speed.local[i]), row('in PCI memory', speed.pci[i])]))
})

show('memory', 'at overload what was placed is what the guest read, byte for byte, and the rest is counted', async () => {
  const { found, delays, unordered, comms, sha256, stats } = guest.result('memory') as Memory
  const { drops: { seen, sources, queues: [queue] }, made } = await guest.host()
  assert.is(sources[0].dropped.total, 0)
  assert.equal([seen, queue.received + queue.dropped], [made.length, made.length])
  assert.equal([found.length, stats.delivered, queue.waiting, queue.faults], [queue.received, queue.received, 0, 0])
  assert.is(stats.dropped.total, queue.dropped)
  assert.ok(queue.dropped > 0 && queue.bytes > 4 * (128 << 10), 'it overflowed, and came round more than once')
  assert.is(unordered, 0)
  assert.equal(comms, ['<NA>'], 'what the guest says of its own threads 1 and 2 is not asked')
  const hash = createHash('sha256')
  for (const number of found) hash.update(made[number].subarray(8)) // the time is another clock's by then
  assert.is(sha256, hash.digest('hex'))
  const late = delays.slice(-40).sort((a, b) => a - b)
  note(`records one by one in the guest: ${(late[20] - late[0]).toFixed(1)} ms (half of them) and ${(late[39] - late[0]).toFixed(1)} ms (all) after the fastest`)
})

show('memory', 'calls that the guest places in PCI memory are read on the host', async () => {
  const { calls: { made, native, dropped } } = guest.result('memory') as Memory
  const { guests } = await guest.host()
  assert.ok(native)
  assert.is(guests.delivered + guests.dropped + dropped, 2 * made)
  assert.ok(guests.calls.length > 1000)
  assert.ok(guests.calls.every((call, i) => call < made && call > (i === 0 ? -1 : guests.calls[i - 1])))
})
