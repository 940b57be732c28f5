// timeout: 200
import { basename } from 'node:path'
import * as assert from 'uvu/assert'
import { shipped } from '../../../lib/analyze/index.js'
import type { Row } from '../../../lib/analyze/report.js'
import { cellText } from '../../../lib/cli/table.js'
import { suite } from '../../helpers/suite.js'
import { chiselLines, rowsOf } from './chisel.js'
import { RECORDINGS } from './compare.js'

const test = suite('the machine’s tables as sysdig’s chisels print them', { needs: ['sysdig'], timeoutMs: 60_000 })

/** As the chisels put a text into a column: with at least one blank behind it. */
const cell = (text: unknown, width: number) => `${String(text).slice(0, width - 1)} `.padEnd(width)
const bytes = (count: unknown) => cellText(count as number, { name: '', title: '', unit: 'bytes' })

const LINES: Readonly<Record<string, (row: Row) => string>> = {
  ps: ([tid, pid, user, vmsize, vmrss, fdlimit, name]) =>
    `${cell(tid, 8)}${cell(pid, 8)}${cell(user, 12)}${cell(bytes(vmsize), 11)}${cell(bytes(vmrss), 11)}${cell(fdlimit, 10)}${name}`,
  lsof: ([process, pid, tid, user, fd, type, name]) =>
    `${cell(process, 20)}${cell(pid, 8)}${cell(tid, 8)}${cell(user, 8)}${cell(fd, 8)}${cell(type, 12)}${name}`,
  netstat: ([proto, server, client, state, tid, pid, name]) =>
    `${cell(proto, 6)}${cell(server, 25)}${cell(client, 25)}${cell(state, 15)}${tid}/${pid}/${name}`,
}
/** Among them some that no entry passes. */
const FILTERS = [undefined, 'fd.type = ipv4', 'proc.name = httpd and fd.name contains /dev', 'fd.num > 2 and proc.pid != 1', 'fd.port = 8080', 'thread.tid = 0']

for (const [name, line] of Object.entries(LINES)) {
  test(`${name}: the same lines, with filters too`, async () => {
    let printed = 0
    for (const file of RECORDINGS) {
      for (const filter of FILTERS) {
        const theirs = chiselLines(name, file, { args: filter === undefined ? [] : [`'${filter}'`] }).slice(1).sort()
        const ours = (await rowsOf(await shipped(name), file, filter === undefined ? {} : { filter })).map(row => line(row).trimEnd()).sort()
        assert.equal(ours, theirs, `${basename(file)} ${filter ?? ''}`)
        printed += theirs.length
      }
    }
    assert.ok(printed > 5, `${printed} lines`)
  })
}
