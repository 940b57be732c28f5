/** execsnoop and opensnoop beside those of bpftrace, over a known workload. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import type { Report } from '../../lib/analyze/index.js'
import { watching } from '../helpers/analysis.js'
import { folder } from '../helpers/folder.js'
import { shell } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'

const test = suite('bcc', { needs: ['root', 'bpf', 'btf', 'bpftrace', 'execsnoop.bt', 'opensnoop.bt'], timeoutMs: 180_000 })
const { path, file } = folder()
const TIMES = 20

/** bpftrace's tool, once it is attached; the function ends it and gives its lines. */
async function bpftrace(tool: string, header: RegExp): Promise<() => Promise<string[]>> {
  const child = spawn('bpftrace', [`/usr/sbin/${tool}.bt`], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  let said = ''
  await new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk
      if (header.test(said)) resolve()
    })
    child.once('close', () => reject(new Error(`${tool}: ${said}`)))
  })
  await sleep(1000) // BEGIN is printed before the last probe is attached
  return async () => {
    await sleep(1000)
    child.kill('SIGINT')
    await ended
    return said.split('\n')
  }
}

async function ours(name: string): Promise<() => Promise<Report['rows']>> {
  const end = await watching(name)
  return async () => {
    await sleep(1000)
    const reports = await end()
    assert.is(reports.at(-1)!.stats!.dropped.total, 0, 'nothing was dropped')
    return reports.flatMap(({ rows }) => rows)
  }
}

test('execsnoop tells of the same programs', async () => {
  const theirs = await bpftrace('execsnoop', /ARGS\n/)
  const own = await ours('execsnoop')
  await shell(`for i in $(seq ${TIMES}); do /bin/true ${path} $i; /usr/bin/env /bin/true ${path} again; done`)
  // Not the shell's own: theirs cuts it after 16 arguments. Of calls that failed ours has the caller's arguments, as the event has.
  const isOne = (line: string) => line.includes(path) && !line.includes('bash')
  const lines = (await own()).filter(([, , , , , line]) => isOne(String(line))).map(([, , pid, , , line]) => `${pid} ${line}`)
  const judge = (await theirs()).flatMap(line => /^\d+ +(\d+) +(.*)$/.exec(line)?.slice(1, 3).join(' ') ?? []).filter(isOne)
  assert.ok(lines.length >= 3 * TIMES, `${lines.length} lines`)
  assert.equal(lines.sort(), judge.sort())
})

test('opensnoop tells of the same files, and of what came of it', async () => {
  mkdirSync(file('d'))
  for (let i = 1; i <= TIMES; i++) writeFileSync(file(`d/${i}`), 'x')
  const theirs = await bpftrace('opensnoop', /PATH\n/)
  const own = await ours('opensnoop')
  await shell(`for i in $(seq ${TIMES}); do cat ${path}/d/$i ${path}/d/no$i; echo > ${path}/d/$i; done; ls ${path}/d; : > ${path}/d/1/x`)
  const error = (name: unknown) => (name === '' ? 0 : constants.errno[String(name) as keyof typeof constants.errno])
  const lines = (await own()).filter(row => String(row[5]).includes(path)).map(([, name, pid, fd, failure, opened]) => [pid, name, fd, error(failure), opened].join(' '))
  const judge = (await theirs()).filter(line => line.includes(path)).map(line => line.trim().replace(/ +/g, ' '))
  assert.ok(lines.length >= 3 * TIMES, `${lines.length} lines`)
  assert.equal(lines.sort(), judge.sort())
})
