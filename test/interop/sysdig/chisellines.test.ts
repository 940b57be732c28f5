// timeout: 500
/** Analyzers that print lines, against what the chisels of their names print of the same recordings. */
import { basename } from 'node:path'
import * as assert from 'uvu/assert'
import type { Analyzer } from '../../../lib/analyze/analyzer.js'
import { type Report, type Row, run, type RunOptions, shipped } from '../../../lib/analyze/index.js'
import { harmless } from '../../../lib/cli/table.js'
import { openFile } from '../../../lib/index.js'
import { run as start } from '../../helpers/run.js'
import { suite } from '../../helpers/suite.js'
import { LINE_DIFFERENCES, type LineDifference, OWN_CONTAINER_COLUMNS } from './chiseldifferences.js'
import { LINES, TABLES_OF_LINES } from './chisellines.js'
import { RECORDINGS } from './compare.js'
import { recordSession } from './session.js'

const test = suite('lines as sysdig’s chisels', { needs: ['sysdig', 'bpf', 'btf', 'logger'], timeoutMs: 120_000 })

type Arguments = (typeof LINES)[string][number]
let recordings: readonly string[] = []
const needed = new Set<LineDifference>()

test.before(async () => { recordings = [...RECORDINGS, await recordSession()] })

async function reportOf(analyzer: Analyzer<any, any>, file: string, options: Partial<RunOptions>): Promise<Pick<Report, 'columns' | 'rows'>> {
  const rows: Row[] = []
  let columns: Report['columns'] = []
  for await (const report of run(analyzer, { on: options => openFile(file, options), ...options })) {
    rows.push(...report.rows)
    columns = report.columns
  }
  return { columns, rows }
}

async function chisel(name: string, file: string, args: Arguments, flags: readonly string[]): Promise<string> {
  const values = Object.values(args).join(' ')
  return (await start('sysdig', ['-r', file, ...flags, '-c', name, ...values === '' ? [] : [values]])).stdout
}

/** Some end with a line that sets the terminal's colours back. */
const withoutColours = (text: string) => text.replace(/^\x1b\[0m\n$(?![^])/m, '').replace(/\x1b\[\d+m/g, '')

/** Both texts, with these differences as if they were none. */
function texts(analyzer: Analyzer<any, any>, { columns, rows }: Pick<Report, 'columns' | 'rows'>, printed: string, differences: readonly LineDifference[]): [ours: string, theirs: string] {
  const changed = differences.reduce((rows, difference) => difference.rows?.(rows) ?? rows, rows)
  const theirs = differences.reduce((text, difference) => difference.theirs?.(text) ?? text, printed)
  return [changed.map(row => `${analyzer.text!(harmless(row, columns), (_, text) => text)}\n`).join(''), withoutColours(theirs)]
}

for (const [name, cases] of Object.entries(LINES)) {
  test(`${name}: the same lines`, async () => {
    const alone = await shipped(name)
    const differences = LINE_DIFFERENCES[name] ?? []
    let bytes = 0
    for (const file of recordings) {
      for (const args of cases) {
        for (const containers of name in OWN_CONTAINER_COLUMNS || args !== cases[0] ? [false] : [false, true]) {
          const analyzer = containers ? alone.withContainers! : alone
          const [report, printed] = await Promise.all([reportOf(alone, file, { args, containers }), chisel(name, file, args, containers ? ['-pc'] : [])])
          const [ours, theirs] = texts(analyzer, report, printed, differences)
          const [mine, judge] = [ours.split('\n'), theirs.split('\n')]
          const at = judge.findIndex((line, i) => line !== mine[i])
          const where = `${basename(file)} ${JSON.stringify(args)}${containers ? ' with containers' : ''}`
          if (at >= 0) assert.is(mine[at], judge[at], `${where}, line ${at + 1}`)
          assert.is(mine.length, judge.length, where)
          bytes += ours.length
          for (const difference of differences) {
            const [without, others] = texts(analyzer, report, printed, differences.filter(other => other !== difference))
            if (without !== others) needed.add(difference)
          }
        }
      }
    }
    assert.ok(bytes > 0, 'nothing was printed')
  })
}

for (const [name, cases] of Object.entries(TABLES_OF_LINES)) {
  test(`${name}: the same rows`, async () => {
    const alone = await shipped(name)
    for (const file of recordings) {
      for (const args of cases) {
        for (const containers of args === cases[0] ? [false, true] : [false]) {
          const { rows } = await reportOf(alone, file, { args, containers })
          const { data } = JSON.parse(await chisel(name, file, args, ['-j', ...containers ? ['-pc'] : []])) as { data: unknown[][] | object }
          const theirs = Array.isArray(data) ? data : []
          const where = `${basename(file)} ${JSON.stringify(args)}${containers ? ' with containers' : ''}`
          assert.ok(rows.length > 0, where)
          // In Lua a time is a double, that is a multiple of 256 ns.
          const text = ([value, ...key]: readonly unknown[]) => [...key, args.by === 'time' ? Math.round(Number(value) / 1e5) : value].join('\t')
          assert.equal(rows.map(text).sort(), theirs.map(row => text([row.at(-1), ...row.slice(0, -1)])).sort(), where)
        }
      }
    }
  })
}

test('every difference occurs', () => {
  const unused = Object.values(LINE_DIFFERENCES).flat().filter(difference => !needed.has(difference))
  assert.equal(unused.map(({ cause }) => cause), [])
})

test('four threads report the same', async () => {
  for (const [name, [args]] of Object.entries({ ...LINES, ...TABLES_OF_LINES })) {
    const analyzer = await shipped(name)
    const file = recordings.at(-1)!
    const { rows } = await reportOf(analyzer, file, { args, containers: true })
    assert.equal((await reportOf(analyzer, file, { args, containers: true, workers: 4 })).rows, rows, name)
  }
}, { timeoutMs: 200_000 })
