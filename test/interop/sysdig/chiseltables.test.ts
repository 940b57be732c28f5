// timeout: 200
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { basename } from 'node:path'
import * as assert from 'uvu/assert'
import { shipped } from '../../../lib/analyze/index.js'
import type { Row } from '../../../lib/analyze/report.js'
import { cellText } from '../../../lib/cli/table.js'
import { container } from '../../helpers/cgroups.js'
import { folder } from '../../helpers/folder.js'
import { sysring } from '../../helpers/run.js'
import { suite } from '../../helpers/suite.js'
import { chiselLines, rowsOf } from './chisel.js'
import { RECORDINGS } from './compare.js'

const test = suite('the machine’s tables as sysdig’s chisels print them', { needs: ['sysdig'], timeoutMs: 60_000 })

const { file } = folder()

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

/** Waits for clients, and is connected to itself, by TCP and UDP. */
const SOCKETS = `
  const server = require('net').createServer().listen(0, '127.0.0.1', () => {
    require('net').connect(server.address().port, '127.0.0.1', () => {
      const udp = require('dgram').createSocket('udp4').bind(0, '127.0.0.1', () => console.log('ready'))
    })
  })`

test('a recording of our own, of a process in a container that has sockets and threads', async () => {
  const { id, inside, remove } = container()
  const [command, ...args] = [...inside, process.execPath, '-e', SOCKETS]
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  try {
    await once(child.stdout, 'data')
    const recording = file('own.scap')
    const { code, stderr } = await sysring(['dump', '-q', '-n', '10', '-w', recording])
    assert.is(code, 0, stderr)
    const filter = `proc.pid = ${child.pid}`
    for (const [name, line] of Object.entries(LINES)) {
      const theirs = chiselLines(name, recording, { args: [`'${filter}'`] }).slice(1).sort()
      assert.ok(theirs.length > 2, `${name}: ${theirs.length} lines`)
      assert.equal((await rowsOf(await shipped(name), recording, { filter })).map(row => line(row).trimEnd()).sort(), theirs, name)
    }
    const containers = (await rowsOf(await shipped('lscontainers'), recording)).map(([type, image, name, id]) => `${cell(type, 15)}${cell(image, 16)}${cell(name, 20)}${cell(id, 13)}`.trimEnd())
    assert.equal(containers, chiselLines('lscontainers', recording).slice(2))
    assert.ok(containers.some(line => line.endsWith(id)), `${id} is not among ${containers.join()}`)
  } finally {
    child.kill('SIGKILL')
    await ended
    remove()
  }
}, { needs: ['root', 'bpf', 'btf', 'cgroups'] })
