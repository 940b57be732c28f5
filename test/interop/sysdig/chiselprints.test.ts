// timeout: 200
import { basename } from 'node:path'
import * as assert from 'uvu/assert'
import { run, shipped } from '../../../lib/analyze/index.js'
import type { Row } from '../../../lib/analyze/report.js'
import { cellText } from '../../../lib/cli/table.js'
import { openFile } from '../../../lib/index.js'
import { suite } from '../../helpers/suite.js'
import { chisel, chiselLines, rowsOf } from './chisel.js'
import { RECORDINGS } from './compare.js'

const test = suite('as sysdig’s chisels print it', { needs: ['sysdig'], timeoutMs: 60_000 })

const cell = (text: unknown, width: number) => String(text).slice(0, width).padEnd(width)
const duration = (ns: unknown) => cellText(ns as number, { name: '', title: '', unit: 'ns' })

test('proc_exec_time: the same lines, with containers too', async () => {
  const alone = await shipped('proc_exec_time')
  for (const file of RECORDINGS) {
    const theirs = chiselLines('proc_exec_time', file).slice(2)
    const ours = (await rowsOf(alone, file)).map(([, ns, name, args]) => `${cell(duration(ns), 13)} ${cell(name, 12)} ${args}`.trimEnd())
    assert.ok(theirs.length > 5, 'it printed next to nothing')
    assert.equal(ours, theirs, basename(file))
    const contained = (await rowsOf(alone.withContainers!, file))
      .map(([, ns, id, container, name, args]) => `${cell(duration(ns), 13)} ${cell(id, 20)} ${cell(container, 20)} ${cell(name, 12)} ${args}`.trimEnd())
    assert.equal(contained, chiselLines('proc_exec_time', file, { options: ['-pc'] }).slice(2), basename(file))
  }
})

test('bottlenecks: the same calls, how they began and how they ended', async () => {
  const line = ([num, ns, process, tid, dir, call, args]: Row) =>
    `${num}) ${Math.floor(Number(ns) / 1e9)}.${String(Number(ns) % 1e9).padStart(9, '0')} ${process} (${tid}) ${dir} ${call} ${args}`.trimEnd()
  for (const file of RECORDINGS) {
    const theirs = chiselLines('bottlenecks', file)
    assert.is(theirs.length, 20)
    assert.equal((await rowsOf(await shipped('bottlenecks'), file)).map(line), theirs, basename(file))
  }
})

test('list_login_shells: none in the recordings', async () => {
  for (const file of RECORDINGS) {
    assert.equal(chiselLines('list_login_shells', file), ['All shells:'])
    assert.equal(await rowsOf(await shipped('list_login_shells'), file), [])
  }
})

/** A time since the epoch is good to a quarter of one. */
const toMicroseconds = (ns: number) => Math.round(ns / 1000) * 1000
/** Of ten rows, those that are not at the end of the table for being equal to others. */
const comparable = (rows: string[]) => (rows.length < 10 ? rows : rows.filter(row => !row.endsWith('\t0'))).sort()

test('topprocs_cpu, topcontainers_cpu: the same CPU times, in ns', async () => {
  for (const name of ['topprocs_cpu', 'topcontainers_cpu']) {
    const alone = await shipped(name)
    for (const file of RECORDINGS) {
      for (const analyzer of [alone, ...(alone.withContainers === undefined ? [] : [alone.withContainers])]) {
        const theirs = chisel(name, file, analyzer !== alone)
        assert.ok(theirs.length > 0, 'no rows')
        for await (const { rows, fromMs, toMs } of run(analyzer, { on: options => openFile(file, options) })) {
          const ours = rows.map(([percent, ...key]) => [...key, toMicroseconds(Number(percent) * (toMs - fromMs) * 1e4)].join('\t'))
          assert.equal(comparable(ours), comparable(theirs), `${basename(file)} ${name}`)
        }
      }
    }
  }
})
