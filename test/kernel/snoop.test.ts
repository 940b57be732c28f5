/** Analyzers that only the running machine has something for: terminals, and types of file systems. */
import { execFileSync, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import type { Report } from '../../lib/analyze/index.js'
import { watching } from '../helpers/analysis.js'
import { folder } from '../helpers/folder.js'
import { suite } from '../helpers/suite.js'

const test = suite('snoop', { needs: ['root', 'bpf', 'btf'], timeoutMs: 60_000 })
const { path, file } = folder()
const rowsOf = (reports: readonly Report[]) => reports.flatMap(({ rows }) => rows)

/** A bash on a terminal of its own. */
async function terminal(): Promise<{ tty: string; pid: number; type(text: string, answer: RegExp): Promise<void>; end(): void }> {
  const child = spawn('script', ['-qfec', 'echo $$; tty; exec bash --norc --noprofile -i', '/dev/null'], { env: { ...process.env, PS1: '', TERM: 'dumb' } })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => { said += text })
  const until = async (answer: RegExp) => {
    for (let i = 0; i < 400 && !answer.test(said); i++) await sleep(25)
    return answer.exec(said) ?? assert.unreachable(`it said: ${said}`)
  }
  const [, pid, tty] = (await until(/(\d+)\r\n(\/dev\/pts\/\d+)\r\n/))!
  return {
    pid: Number(pid), tty,
    async type(text, answer) {
      child.stdin.write(text)
      await until(answer)
    },
    end: () => child.kill('SIGKILL'),
  }
}

test('bashreadline and ttysnoop: what is typed at a bash, and what is written to its terminal', async () => {
  const shell = await terminal()
  try {
    const [typed, written] = await Promise.all([watching('bashreadline'), watching('ttysnoop', { args: { terminal: shell.tty } })])
    await shell.type('echo one-$((40+2))\n', /one-42/)
    await shell.type('printf "%s" two- && /bin/echo $((50+6))\n', /two-56/)
    await sleep(300)
    const lines = rowsOf(await typed()).filter(([, pid]) => pid === shell.pid)
    assert.equal(lines.map(([, , , tty, line]) => [tty, line]), [[shell.tty, 'echo one-$((40+2))'], [shell.tty, 'printf "%s" two- && /bin/echo $((50+6))']])
    const data = rowsOf(await written())
    assert.ok(data.every(([, , , bytes, text]) => bytes === Buffer.byteLength(String(text))))
    const of = (process: string) => data.filter(([, name]) => name === process).map(([, , , , text]) => text).join('')
    assert.match(of('bash'), /one-42\n[^]*two-/)
    assert.is(of('echo'), '56\n')
  } finally {
    shell.end()
  }
})

test('ext4slower: reads and writes of files on file systems of that type, and of no other', async () => {
  const shared = '/dev/shm/sysring-snoop'
  const type = execFileSync('findmnt', ['-n', '-o', 'FSTYPE', '-T', path], { encoding: 'utf8' }).trim()
  assert.is.not(type, 'tmpfs')
  try {
    for (const [only, expected] of [[type, file('here')], ['tmpfs', shared]]) {
      const end = await watching('ext4slower', { args: { min_ms: 0, type: only } })
      execFileSync('sh', ['-c', `for to in ${file('here')} ${shared}; do dd if=/dev/zero of=$to bs=4096 count=5 2> ${file('said')}; done`])
      await sleep(300)
      const rows = rowsOf(await end()).filter(([, name]) => name === 'dd')
      const written = rows.filter(([, , , , name]) => [file('here'), shared].includes(String(name)))
      assert.equal(written.map(([, , call, , name]) => [call, name]), Array.from({ length: 5 }, () => ['write', expected]), only)
      assert.ok(written.every(([, , , ns]) => Number(ns) > 0))
    }
  } finally {
    execFileSync('rm', ['-f', shared])
  }
})
