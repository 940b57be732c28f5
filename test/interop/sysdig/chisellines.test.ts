// timeout: 200
import { basename } from 'node:path'
import * as assert from 'uvu/assert'
import { shipped } from '../../../lib/analyze/index.js'
import type { Row } from '../../../lib/analyze/report.js'
import { cellText } from '../../../lib/cli/table.js'
import { suite } from '../../helpers/suite.js'
import { chiselLines, rowsOf } from './chisel.js'
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
