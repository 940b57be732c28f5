// timeout: 300
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import * as assert from 'uvu/assert'
import { shipped, SHIPPED_NAMES } from '../../../lib/analyze/index.js'
import { localDateTime } from '../../../lib/event/clock.js'
import { suite } from '../../helpers/suite.js'
import { chisel, rowsOf } from './chisel.js'
import { COMPARED_ELSEWHERE, NOT_COMPARED, OTHERWISE } from './chiseldifferences.js'
import { LINES, TABLES_OF_LINES } from './chisellines.js'
import { RECORDINGS } from './compare.js'

const test = suite('as sysdig’s chisels', { needs: ['sysdig'], timeoutMs: 60_000 })

/** What a chisel shows of equal sums at the end of its table is up to the order of a hash. */
function withoutTies(rows: readonly string[], size: number): string[] {
  const value = (row: string) => row.slice(row.lastIndexOf('\t') + 1)
  const last = rows.at(-1)
  return rows.length < size || last === undefined ? [...rows].sort() : rows.map(row => (value(row) === value(last) ? value(row) : row)).sort()
}

const isChisel = (name: string) => existsSync(`/usr/share/sysdig/chisels/${name}.lua`)
const TABLES = SHIPPED_NAMES.filter(name => name.startsWith('top') && isChisel(name) && !COMPARED_ELSEWHERE.includes(name))
/** How wide their columns of process, call and file are. */
const SLOWER: Readonly<Record<string, { process: number; hasFile: boolean }>> = {
  fileslower: { process: 12, hasFile: true }, netlower: { process: 12, hasFile: true }, scallslower: { process: 23, hasFile: false },
}

for (const name of TABLES) {
  test(`${name}: the same rows`, async () => {
    const alone = await shipped(name)
    for (const file of RECORDINGS) {
      for (const analyzer of [alone, ...(alone.withContainers === undefined ? [] : [alone.withContainers])]) {
        const ours = (await rowsOf(analyzer, file)).map(([sum, ...key]) => [...key, sum].join('\t'))
        const theirs = chisel(name, file, analyzer !== alone)
        assert.equal(withoutTies(ours, theirs.length), withoutTies(theirs, theirs.length), `${basename(file)}${analyzer === alone ? '' : ' with containers'}`)
      }
    }
  })
}

for (const [name, { process, hasFile }] of Object.entries(SLOWER)) {
  test(`${name}: the same lines`, async () => {
    for (const file of RECORDINGS) {
      for (const [min_ms, containers] of [[0, false], [1, false], [0, true]] as const) {
        const text = execFileSync('sysdig', ['-r', file, '-c', name, String(min_ms), ...containers ? ['-pc'] : []], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 28 })
        const theirs = text.replace(/\x1b\[\d*m/g, '').split('\n').filter(line => /^\d{4}-/.test(line)).map(line => line.trim().replace(/ +/g, ' '))
        const ours = (await rowsOf(await shipped(name), file, { args: { min_ms }, containers })).map(([time, ...rest]) => {
          const where = containers ? rest.splice(0, 2) : []
          const [who, call, ns, path] = rest
          const ms = Number(ns) / 1e6
          const cells = [localDateTime(BigInt(time as bigint)).slice(0, 23), ...where, String(who).slice(0, process), ...hasFile ? [call, Math.floor(ms), path] : [lua(ms), call]]
          return cells.join(' ').trim().replace(/ +/g, ' ')
        })
        assert.ok(min_ms > 0 || theirs.length > 0, 'it printed nothing')
        assert.equal(ours, theirs, `${basename(file)}, ${min_ms} ms${containers ? ', with containers' : ''}`)
      }
    }
  })
}

/** How Lua prints a number: %.14g. */
function lua(value: number): string {
  return String(Number(value.toPrecision(14)))
}

test('every analyzer that sysdig has as a chisel is compared, or it is said why not', () => {
  const compared = [...TABLES, ...Object.keys(SLOWER), ...COMPARED_ELSEWHERE, ...Object.keys(LINES), ...Object.keys(TABLES_OF_LINES)]
  for (const name of SHIPPED_NAMES.filter(isChisel)) assert.ok(compared.includes(name) !== (name in NOT_COMPARED), name)
  for (const name of [...Object.keys(NOT_COMPARED), ...Object.keys(OTHERWISE)]) assert.ok(SHIPPED_NAMES.includes(name) && isChisel(name), name)
})
