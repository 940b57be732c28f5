/**
 * Runs the tests: `tsx test/run.ts [PATH or part of one …]`.
 *
 * uvu alone has no time limit, and takes a file that crashed, hung or forgot `.run()` for a good one. So every file gets
 * a process (and process group) of its own and has to show a summary; whatever it leaves behind is killed and held
 * against it. The last line is always `N passed, N failed, N skipped`.
 */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
/** Seconds for a file that does not ask for more with `// timeout: SECONDS` in its first lines. */
const TIME_LIMIT = 120
/** Milliseconds that a process has to end by itself once its summary is out. */
const GRACE_MS = 4000
/** Files that capture the machine have it to themselves. */
const ALONE = /^test\/(kernel|lifecycle|interop\/(attribution|bcc|extcap|packets|pipes|sysdig\/chisellines)|cli\/(?!(dump|rotation|sysdig|usage)\.))/

interface Report {
  file: string
  passed: number
  failed: number
  skipped: number
  /** Why the file failed as a whole, apart from its tests. */
  faults: string[]
  skips: string[]
  /** Lines that the file wants shown in any case: those that begin with NOTE. */
  notes: string[]
  output: string
  seconds: number
}

const running = new Set<number>()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    for (const group of running) kill(group)
    process.exit(signal === 'SIGINT' ? 130 : 143)
  })
}

process.exitCode = await main(process.argv.slice(2))

async function main(patterns: string[]): Promise<number> {
  const files = select(patterns)
  if (files.length === 0) {
    console.error(`no test file matches: ${patterns.join(' ') || 'test/**/*.test.ts'}`)
    console.log('0 passed, 1 failed, 0 skipped')
    return 1
  }
  const reports: Report[] = []
  const show = (report: Report) => {
    reports.push(report)
    print(report)
  }
  // Those that may take longest first, so that no CPU waits for one that came late.
  const together = files.filter(file => !ALONE.test(file)).sort((a, b) => timeLimit(b) - timeLimit(a))
  await pool(together, Math.min(2, cpus().length), async file => show(await run(file)))
  await pool(files.filter(file => ALONE.test(file)), 1, async file => show(await run(file)))
  return summarize(reports)
}

function select(patterns: string[]): string[] {
  const all = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.test.ts'))
    .map(path => join('test', path))
    .sort()
  if (patterns.length === 0) return all
  const chosen = new Set<string>()
  for (const pattern of patterns) {
    const path = relative(ROOT, resolve(pattern))
    if (path.endsWith('.ts') && existsSync(join(ROOT, path))) chosen.add(path)
    else for (const file of all) if (file.includes(pattern) || file.startsWith(path + '/')) chosen.add(file)
  }
  return [...chosen]
}

async function pool<T>(items: T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values()
  await Promise.all(Array.from({ length: width }, async () => {
    for (const item of queue) await work(item)
  }))
}

/** In seconds. */
function timeLimit(file: string): number {
  return Number(/^\/\/ *timeout: *(\d+)/m.exec(readFileSync(join(ROOT, file), 'utf8').slice(0, 1000))?.[1] ?? TIME_LIMIT)
}

async function run(file: string): Promise<Report> {
  const started = performance.now()
  const limit = timeLimit(file)
  const child = spawn(process.execPath, ['--import', 'tsx', file], {
    cwd: ROOT,
    detached: true, // a process group: what the file starts ends with it
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, FORCE_COLOR: undefined, NO_COLOR: undefined, NODE_DISABLE_COLORS: '1' },
  })
  const group = child.pid!
  running.add(group)

  const faults: string[] = []
  const stop = (fault: string) => {
    faults.push(fault)
    kill(group)
  }
  const timers = [setTimeout(stop, limit * 1000, `did not end within its ${limit} s (// timeout: SECONDS)`)]
  let output = ''
  let ended = false
  const take = (chunk: Buffer) => {
    output += chunk
    if (ended || !/^ {2}Duration: .*$/m.test(output)) return
    ended = true
    timers.push(setTimeout(stop, GRACE_MS, 'tests are over, but something keeps the process alive'))
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)

  const closed = new Promise<void>(done => child.once('close', () => done()))
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>(done => {
    child.once('exit', (code, signal) => done([code, signal]))
  })
  for (const timer of timers) clearTimeout(timer)
  const left = await survivors(group)
  if (left.length > 0) stop(`left processes running: ${left.join(', ')}`)
  await closed
  running.delete(group)

  const { passed, failed, skipped } = count(output)
  if (faults.length === 0) {
    if (signal !== null) faults.push(`died of ${signal}`)
    else if (code !== 0 && failed === 0) faults.push(`ended with exit code ${code}`)
    else if (passed + failed + skipped === 0) faults.push('ran no test (is test.run() missing?)')
  }
  const skips = [...output.matchAll(/^SKIP (.*)$/gm)].map(match => match[1])
  for (let i = skips.length; i < skipped; i++) skips.push('(a test.skip() without a reason)')
  const notes = [...output.matchAll(/^NOTE (.*)$/gm)].map(match => match[1])
  return { file, passed, failed: failed + faults.length, skipped, faults, skips, notes, output, seconds: (performance.now() - started) / 1000 }
}

/** Reads uvu's last summary. Tests that a failed `before` hook kept from running are neither passed nor skipped: failed. */
function count(output: string): { passed: number; failed: number; skipped: number } {
  const summary = [...output.matchAll(/^ {2}Total: +(\d+)\n {2}Passed: +(\d+)\n {2}Skipped: +(\d+)$/gm)].at(-1)
  if (summary === undefined) return { passed: 0, failed: 0, skipped: 0 }
  const [total, passed, skipped] = summary.slice(1).map(Number)
  return { passed, failed: total - passed, skipped }
}

/** Names of the processes still in the group, once those that were just ending had a moment to do so. */
async function survivors(group: number): Promise<string[]> {
  for (let tries = 0; ; tries++) {
    try {
      process.kill(-group, 0)
    } catch {
      return []
    }
    const names = members(group)
    if (names.length === 0 || tries === 10) return names
    await new Promise(done => setTimeout(done, 50))
  }
}

function members(group: number): string[] {
  return readdirSync('/proc').filter(name => /^\d+$/.test(name)).flatMap(pid => {
    try {
      // pid (comm) state ppid pgrp …; a zombie that nobody reaps runs no more
      const [, comm, state, pgrp] = /^\d+ \((.*)\) (\S) \d+ (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
      return Number(pgrp) === group && state !== 'Z' ? [`${comm} (${pid})`] : []
    } catch {
      return []
    }
  })
}

function kill(group: number): void {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // gone already
  }
}

function print(report: Report): void {
  const { file, passed, failed, skipped, seconds } = report
  const numbers = [`${passed} passed`, failed > 0 && `${failed} failed`, skipped > 0 && `${skipped} skipped`].filter(Boolean)
  console.log(`${failed > 0 ? 'FAIL' : 'ok  '} ${file}  ${numbers.join(', ')}  ${seconds.toFixed(1)} s`)
  if (failed === 0) {
    for (const line of report.notes) console.log(`     ${line}`)
    return
  }
  console.log(report.output.trimEnd().replace(/^/gm, '     | '))
  for (const fault of report.faults) console.log(`     ${fault}`)
}

function summarize(reports: Report[]): number {
  const sum = (key: 'passed' | 'failed' | 'skipped') => reports.reduce((total, report) => total + report[key], 0)
  const skipping = reports.filter(report => report.skips.length > 0)
  if (skipping.length > 0) console.log('\nSkipped:')
  for (const { file, skips } of skipping) for (const skip of skips) console.log(`  ${file}: ${skip}`)
  const failing = reports.filter(report => report.failed > 0)
  if (failing.length > 0) console.log('\nFailed:')
  for (const { file, failed, faults } of failing) console.log(`  ${file}: ${faults.join('; ') || `${failed} tests`}`)
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`)
  return failing.length > 0 ? 1 : 0
}
