// timeout: 300
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type Event, eventInfo, open } from '../../lib/index.js'
import { type Call, compare, parseCalls } from '../helpers/expected.js'
import { folder } from '../helpers/folder.js'
import { compile, start } from '../helpers/program.js'
import { ROOT } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'

const test = suite('coverage', { needs: ['bpf', 'btf', 'cc', 'root'], timeoutMs: 120_000 })

interface Row { nr: number; name: string; enter: number; exit: number; ppm_sc: number }
const table = JSON.parse(readFileSync(join(ROOT, 'lib/event/tables/syscall_table_x86_64.json'), 'utf8')) as { syscalls: Row[]; 'ppm_sc_sysdig0.29.3': Record<string, number> }
const CALLS: readonly Row[] = table.syscalls
const LAST_SC_OF_0293 = Math.max(...Object.values(table['ppm_sc_sysdig0.29.3']))
const ENOSYS = -38

/** Parameters that nobody but the kernel can say: they are there, no more is known of them. */
const KNOWN_TO_THE_KERNEL: Readonly<Record<string, string>> = {
  source: 'an address in the kernel', peer: 'an address in the kernel', tty: 'the number of the terminal', vm_size: 'memory at that moment', vm_rss: 'memory at that moment',
}
/** Calls that do not come back: only their enter events exist. */
const NO_RETURN = new Set(['exit', 'exit_group'])
/** In the version that sysdig 0.29.3 knows. */
const OLD_EVENT_OF: Readonly<Record<string, string>> = { accept4: 'accept' }

let program = ''
test.before(() => { program = compile('calls') })

/** The program's own count of records: each beginning of a call and each return; of a capture of exits only the returns. */
function countOf(calls: readonly Call[], events: 'both' | 'exit'): number {
  const { params } = calls.find(call => call.name === 'made')!
  return Number(params.get('returned')) + (events === 'both' ? Number(params.get('entered')) : 0)
}

/** What is wrong with a generic event. */
function compareGeneric(ev: Event, row: Row, events: 'both' | 'exit'): string[] {
  const hidden = events === 'both' && row.ppm_sc > LAST_SC_OF_0293
  const actual = [Number(ev.args.ID), Number(ev.args.nativeID), ...(hidden ? [ev.param(2)!.at(0)! | ev.param(2)!.at(1)! << 8] : [])]
  const expected = [hidden ? 0 : row.ppm_sc, row.nr, ...(hidden ? [row.ppm_sc] : [])]
  return actual.join() === expected.join() ? [] : [`${row.name}: generic event ${actual.join()} instead of ${expected.join()}`]
}

interface Coverage { params: Set<string>; missing: Set<string>; times: number; nosys: number; generic: number }

for (const events of ['both', 'exit'] as const) {
  test(`${events}: every call, every parameter, none lost`, async () => {
    const running = await start(program, [], { cwd: folder().path })
    const capture = await open('sysdig', { events, tracepoints: [], ringBytes: 64 << 20, pids: { allow: [running.pid], children: true } })
    running.go()
    const ended = running.output.finally(() => capture.stop())
    const threads = new Map<number, Event[]>()
    let delivered = 0
    for await (const burst of capture) {
      for (const ev of burst) {
        delivered++
        const thread = threads.get(ev.tid)
        if (thread) thread.push(ev.retain())
        else threads.set(ev.tid, [ev.retain()])
      }
    }
    const calls = parseCalls(await ended)
    assert.is(capture.stats().dropped.total, 0)

    const wrong: string[] = []
    const coverage = new Map(CALLS.map(({ name }): [string, Coverage] => [name, { params: new Set(), missing: new Set(), times: 0, nosys: 0, generic: 0 }]))
    const rows = new Map(CALLS.map(row => [row.name, row]))
    const exits = new Map([...threads].map(([tid, list]) => [tid, list.flatMap((ev, i) => (ev.dir === 'exit' ? [i] : []))]))
    for (const call of calls) {
      if (call.name === 'made') continue
      const row = rows.get(call.name)
      if (row === undefined) {
        wrong.push(`the table has no ${call.name}`)
        continue
      }
      const thread = threads.get(call.tid) ?? []
      const nth = Number(call.params.get('@'))
      const back = nth >= 0
      if (!back && events === 'exit') continue
      const at = back ? exits.get(call.tid)?.[nth] ?? -1 : thread.length - 1
      const mine = at < 0 ? [] : events === 'both' && back && thread[at - 1]?.dir === 'enter' ? [thread[at - 1], thread[at]] : [thread[at]]
      const cover = coverage.get(call.name)!
      if (mine.length === 0) wrong.push(`${call.name}, number ${nth} of ${call.tid}, never came`)
      for (const ev of mine) {
        cover.times++
        if (ev.dir === 'exit' && Number((call.params.get('result') ?? call.params.get('res') ?? call.params.get('fd') ?? 'n:0').slice(2)) === ENOSYS) cover.nosys++
        if (ev.type <= 1) {
          if (row.enter > 1) wrong.push(`${call.name} has an event of its own, but came as the generic one`)
          wrong.push(...compareGeneric(ev, row, events))
          cover.generic++
          continue
        }
        const info = eventInfo(ev.type)!
        const name = eventInfo(row.exit)!.name
        // The image that execveat has run believes that execve did.
        if (![name, events === 'both' ? OLD_EVENT_OF[name] : name].includes(ev.name) && !(name === 'execve' && ev.name === 'execveat' && ev.dir === 'enter')) {
          wrong.push(`${ev.name} ${ev.dir} of ${ev.tid} instead of ${call.name}, number ${nth}`)
          continue
        }
        const result = compare(ev, call)
        wrong.push(...result.wrong)
        if (ev.dir === 'exit' && events === 'exit' && ev.nparams !== info.params.length) wrong.push(`${info.const} has ${ev.nparams} parameters instead of ${info.params.length}`)
        for (const { name } of info.params.slice(0, ev.nparams)) cover.missing.add(`${ev.dir} ${name}`)
        for (const param of result.compared) cover.params.add(`${ev.dir} ${param}`)
      }
    }

    console.log(`${events}: ${CALLS.length} calls of x86-64`)
    for (const row of CALLS) {
      const { params, missing, times, nosys, generic } = coverage.get(row.name)!
      for (const param of params) missing.delete(param)
      const unknown = [...missing].filter(param => param.split(' ')[1] in KNOWN_TO_THE_KERNEL)
      const never = [...missing].filter(param => !(param.split(' ')[1] in KNOWN_TO_THE_KERNEL))
      const noReturn = NO_RETURN.has(row.name) && events === 'exit'
      const rest = nosys > 0 ? `; ENOSYS here ${nosys}×` : ''
      const what = noReturn ? 'not callable: it does not come back, so there is no exit event'
        : row.enter > 1 ? `own event, complete: ${params.size} parameters compared${unknown.length > 0 ? `, ${unknown.length} present (${unknown.join(', ')})` : ''}${rest}`
          : `generic by the table: id and number compared${rest}`
      console.log(`  ${String(row.nr).padStart(3)} ${row.name.padEnd(24)} ${String(times).padStart(4)}×  ${what}`)
      if (noReturn) continue
      if (row.enter > 1 ? times === 0 : generic === 0) wrong.push(`${row.name} was never compared`)
      if (never.length > 0) wrong.push(`${row.name}: never compared ${never.join(', ')}`)
    }
    console.log(`  made ${countOf(calls, events)}, delivered ${delivered}`)
    assert.equal(wrong.slice(0, 60), [])
    assert.is(delivered, countOf(calls, events))
  })

  test(`${events}: made = delivered + dropped, of two programs at a time and a reader that is late`, async () => {
    const running = await Promise.all([start(program, [], { cwd: folder().path }), start(program, [], { cwd: folder().path })])
    const capture = await open('sysdig', { events, tracepoints: [], ringBytes: 128 << 10, pids: { allow: running.map(({ pid }) => pid), children: true } })
    for (const one of running) one.go()
    const ended = Promise.all(running.map(({ output }) => output)).finally(() => capture.stop())
    let delivered = 0
    for await (const burst of capture) {
      for (const ev of burst) delivered += ev.type >= 0 ? 1 : 0
      await new Promise(resolve => setTimeout(resolve, 50))
    }
    const made = (await ended).map(output => countOf(parseCalls(output), events)).reduce((a, b) => a + b)
    const dropped = capture.stats().dropped.total
    console.log(`${events}: made ${made}, delivered ${delivered}, dropped ${dropped}`)
    assert.is(delivered + dropped, made)
    assert.ok(dropped > 0)
  })
}
