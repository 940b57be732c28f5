/** A recording of shells, logs, HTTP and syslog messages. */
import { execFileSync, spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { open, writeFile as record } from '../../../lib/index.js'
import { folder } from '../../helpers/folder.js'
import { ROOT } from '../../helpers/run.js'

const PROGRAMS = join(ROOT, 'test/interop/programs')
const { file } = folder()

/** What the session finds on its standard input. */
const TYPED = 'typed\ngrün, \x1b[31mred\x1b[0m\r\nand a NUL\0gone\n'

/** Runs programs/session.sh and returns the path of the recording, with as much of each buffer as the chisels ask for. */
export async function recordSession(): Promise<string> {
  const [begin, end, typed, place, recording] = ['begin', 'end', 'typed', 'session', 'session.scap'].map(file)
  execFileSync('mkfifo', [begin, end])
  writeFileSync(typed, TYPED)
  mkdirSync(place)
  for (const name of ['logs.mjs', 'web.mjs', 'syslog.mjs']) copyFileSync(join(PROGRAMS, name), join(place, name))
  const pid = await launch(typed, [join(PROGRAMS, 'session.sh'), begin, end, place, process.execPath])

  const calls = await open('sysdig:bpf', { filter: `proc.pid = ${pid} or proc.apid = ${pid}`, snaplen: 2000, ringBytes: 32 << 20, maxDurationMs: 40_000 })
  const written = record(calls, recording)
  await writeFile(begin, 'go\n')
  await writeFile(end, 'end\n')
  calls.stop()
  await written
  // What is missing would have other names here than there.
  assert.is(calls.stats().dropped.total, 0, 'the recording has lost events')
  return recording
}

/** Starts a script in a shell above which there is no other, whoever runs this test: the one between the two ends. */
async function launch(input: string, args: readonly string[]): Promise<number> {
  const shell = spawn('sh', ['-c', `sh "$@" < '${input}' > /dev/null 2>&1 & echo $!`, 'sh', ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let pid = ''
  shell.stdout.on('data', text => { pid += text })
  await new Promise(resolve => shell.once('close', resolve))
  return Number(pid)
}
