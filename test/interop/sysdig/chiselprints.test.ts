// timeout: 200
import { basename } from 'node:path'
import * as assert from 'uvu/assert'
import { run, shipped } from '../../../lib/analyze/index.js'
import type { Row } from '../../../lib/analyze/report.js'
import { cellText } from '../../../lib/cli/table.js'
import { openFile } from '../../../lib/index.js'
import { shell } from '../../helpers/run.js'
import { SPLIT } from './chiseldifferences.js'
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

const WIDTH = 110
const BLANK = /^(\x1b\[38;5;0m\x1b\[48;5;0m )*$/

/** The coloured lines that the chisel prints on a terminal, without those of intervals in which no call ended. */
async function spectrogram(file: string, ms: number): Promise<string[]> {
  const { stdout } = await shell(`script -qc 'stty cols ${WIDTH}; sysdig -r ${file} -c spectrogram ${ms}' /dev/null`)
  return stdout.split('\n').flatMap(line => /(?:\x1b\[38;5;\d+m\x1b\[48;5;\d+m.)+/.exec(line)?.[0] ?? []).filter(line => !BLANK.test(line))
}

for (const ms of [100_000, 500, 50]) {
  test(`spectrogram, a line per ${ms} ms: the same colours in each column`, async () => {
    const analyzer = await shipped('spectrogram')
    for (const file of RECORDINGS) {
      const theirs = await spectrogram(file, ms)
      assert.ok(theirs.length > 0, 'it drew nothing')
      const ours: string[] = []
      for await (const report of run(analyzer, { on: options => openFile(file, options), args: { refresh_time: ms, width: WIDTH } })) {
        ours.push(analyzer.drawing!.line(report, { width: WIDTH }).replace('\x1b[0m', ''))
      }
      if (theirs.length === ours.length || SPLIT[basename(file)] === undefined) {
        assert.equal(ours, theirs, basename(file))
        continue
      }
      assert.is(theirs.length, ours.length + 1, SPLIT[basename(file)])
      const before = ours.findIndex((line, i) => line !== theirs[i])
      assert.ok(before >= 0)
      assert.equal(ours.slice(before + 1), theirs.slice(before + 2), `${basename(file)} after ${SPLIT[basename(file)]}`)
    }
  })
}
