// timeout: 600
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import * as assert from 'uvu/assert'
import { busy } from '../helpers/busy.js'
import { container } from '../helpers/cgroups.js'
import { folder } from '../helpers/folder.js'
import { compile } from '../helpers/program.js'
import { run, shell, sysring, SYSRING } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'
import { Tmux } from '../helpers/tmux.js'
import { TRACE, traceBytes } from '../helpers/trace.js'

const test = suite('top', { needs: ['tmux'], timeoutMs: 120_000 })
const LIVE = { needs: ['bpf', 'btf'] }
const { file } = folder()
const TOP = `${SYSRING.join(' ')} top`
busy(test)

function note(title: string, screen: string): void {
  console.log(`\nNOTE ${title}\n${screen.trimEnd().split('\n').map(line => `NOTE   ${line}`).join('\n')}`)
}

/** The program is over, with that code, and the terminal is what it was. */
async function endsWell(top: Tmux, expected = 0): Promise<string> {
  const { code, stderr, stty, before, cursor, alternate } = await top.ended()
  assert.is(code, expected, stderr)
  assert.is(alternate, false, 'the other screen is still shown')
  assert.is(cursor, true, 'there is no cursor')
  assert.is(stty, before)
  top.close()
  return stderr
}

async function quits(top: Tmux): Promise<void> {
  top.press('q')
  await endsWell(top)
}

/** Cells of the rows that are shown, the bars left out. */
function cells(top: Tmux): string[][] {
  return top.lines.slice(3, -1).filter(line => line.trim() !== '').map(line => line.replace(/[▁-█]+/g, ' ').trim().split(/ {1,}/))
}

/** Where the filter that is used stands; it is written in the last lines. */
const filtered = (filter: string) => new RegExp(`^(all|interval|no events).*  filter: ${filter}$`, 'm')
const whole = (name: string) => [new RegExp(`^sysring top .*${name}$`, 'm'), /^all \d+ intervals/m]

test('every view of a file, with the numbers of the analyzers', async () => {
  const top = new Tmux(`${TOP} -r ${TRACE}`, { width: 150 })
  note('processes', await top.shows(...whole('processes'), /16375 seen, 0 dropped/))
  const views = { '2': 'threads', '3': 'connections', '4': 'files', '5': 'containers', '6': 'syscalls', '7': 'errors', '8': 'events' }
  const judges: Record<string, [analyzer: string, number: number, text: number]> = { connections: ['topconns', 0, 5], files: ['topfiles_bytes', 0, 5] }
  for (const [key, name] of Object.entries(views)) {
    top.press(key)
    note(name, await top.shows(...whole(name)))
    const judge = judges[name]
    if (judge === undefined) continue
    const shown = cells(top).filter(row => row[0] !== '0B').slice(0, 8)
    const expected = (await sysring(['run', judge[0], '-r', TRACE, '-q'])).stdout.trimEnd().split('\n').slice(1)
    assert.ok(shown.length > 1, top.screen)
    for (const row of shown) assert.ok(expected.some(line => line.trim().startsWith(`${row[0]} `) && row.some(cell => cell.length > 3 && line.endsWith(cell))), `${row.join(' ')}\n${expected.join('\n')}`)
  }
  top.press('Tab')
  await top.shows(...whole('processes'))
  await quits(top)
})

test('sorts by any column, either way', async () => {
  const top = new Tmux(`${TOP} -r ${TRACE} --view processes`, { width: 150 })
  await top.shows(...whole('processes'), /Calls▼/, /^ +1469 /m)
  const column = (at: number) => cells(top).map(row => Number(row[at]))
  assert.equal(column(0), column(0).toSorted((a, b) => b - a))
  top.press('r')
  await top.shows(/Calls▲/, /^ +1 /m)
  assert.equal(column(0), column(0).toSorted((a, b) => a - b))
  top.press('>', '>', '>', '>')
  await top.shows(/Errors▼/)
  assert.equal(column(4), column(4).toSorted((a, b) => b - a))
  assert.ok(column(4)[0] > 0)
  top.press('>')
  note('sorted by PID', await top.shows(/PID▼/))
  assert.equal(column(5), column(5).toSorted((a, b) => a - b))
  top.press('<', '<', '<', '<', '<', '<')
  await top.shows(/Command▼/)
  await quits(top)
})

test('filters in our language, and says what is wrong', async () => {
  const top = new Tmux(`${TOP} -r ${TRACE}`)
  await top.shows(...whole('processes'))
  top.press('/')
  await top.shows(/^filter: █/m)
  top.type('proc.nam = work')
  top.press('Enter')
  note('a filter that is none', await top.shows(/there is no field proc.nam/, /hint: did you mean proc.name\?/))
  top.press('C-u')
  top.type('proc.name = workk')
  top.press('BSpace', 'Enter')
  note('a filter', await top.shows(filtered('proc.name = work')))
  assert.ok(cells(top).length > 1 && cells(top).every(row => row.includes('work')), top.screen)
  top.press('/', 'C-u')
  top.type('nonsense')
  top.press('Enter')
  await top.shows(/hint/)
  top.press('Escape')
  await top.shows(filtered('proc.name = work'))
  top.press('/', 'C-u', 'Enter')
  await top.shows(/ init /)
  await quits(top)
})

test('a filter on the command line that is none, and a view that is none', async () => {
  for (const [args, text] of [["proc.nam = x", /no field proc.nam/], ['--view proc', /--view is one of/], ['-r -', /cannot be standard input/], ['--every 0.1', /--every takes a number/]] as const) {
    assert.match(await endsWell(new Tmux(`${TOP} ${args.startsWith('-r') ? '' : `-r ${TRACE}`} ${args}`), 2), text)
  }
})

test('from a container to the data of an event, and back', async () => {
  const top = new Tmux(`${TOP} -r ${TRACE} --view containers`, { width: 140 })
  await top.shows(...whole('containers'), /host/)
  top.press('Enter')
  await top.shows(...whole('host › processes'))
  top.press('Enter')
  note('the files of a process', await top.shows(...whole('host › init 182 › files'), /guest\.log/))
  top.press('3')
  await top.shows(/host › init 182 › connections$/m, /^no events,/m)
  top.press('4')
  await top.shows(/guest\.log/)
  top.press('Enter')
  note('the events of a file', await top.shows(...whole('init 182 › /out/guest.log › events'), /write/))
  assert.ok(top.lines.slice(3, -1).every(line => line.includes('init (182)')), top.screen)
  // The first write that ended has what was written.
  const at = top.lines.slice(3, -1).findIndex(line => / < write /.test(line))
  assert.ok(at >= 0)
  for (let i = 0; i < at; i++) top.press('Down')
  top.press('Enter')
  const screen = await top.shows(/^00000000 {2}([0-9a-f]{2} )+/m)
  note('the data of an event', screen)
  const [, text] = /data=(.{1,16})/.exec(screen)!
  assert.ok(screen.includes(` ${text.slice(0, 10)}`), screen)
  top.press('Escape')
  await top.shows(/^Event$/m) // the lines again: with a key right behind it Escape would be another key
  for (const title of ['files', 'processes', 'containers']) {
    top.press('BSpace')
    await top.shows(new RegExp(`${title}$`, 'm'))
  }
  await top.shows(/trace\.scap\.gz {2}containers$/m)
  await quits(top)
})

test('goes through the intervals of a file, and helps', async () => {
  const top = new Tmux(`${TOP} -r ${TRACE}`)
  await top.shows(/^all 2 intervals/m)
  top.press('Left')
  await top.shows(/^interval 2 of 2/m)
  top.press('Left', 'Left')
  const first = await top.shows(/^interval 1 of 2/m)
  top.press('Right')
  const second = await top.shows(/^interval 2 of 2/m)
  top.press('w')
  const all = await top.shows(/^all 2 intervals/m)
  const events = (screen: string) => Number(/, (\d+) events/.exec(screen)![1])
  assert.is(events(first) + events(second), events(all))
  top.press('?')
  note('help', await top.shows(/an interval back/, /Ctrl-C/))
  top.press('x')
  await top.shows(...whole('processes'))
  await quits(top)
})

test('fits the terminal, whatever its size becomes', async () => {
  const top = new Tmux(`${TOP} -r ${TRACE}`, { width: 120, height: 40 })
  await top.shows(...whole('processes'))
  for (const [width, height] of [[60, 12], [150, 45], [20, 5], [1, 1], [100, 24]] as const) {
    top.resize(width, height)
    if (width < 60) {
      await new Promise(resolve => setTimeout(resolve, 300))
      continue
    }
    const screen = await top.shows(/^sysring top/, /16375 seen/)
    await new Promise(resolve => setTimeout(resolve, 300))
    assert.is(top.lines.length, height - 1, screen)
    assert.ok(top.lines.every(line => line.length <= width))
    assert.is(top.lines.filter(line => line.startsWith('sysring top')).length, 1, top.screen)
  }
  note('100 × 24', top.screen)
  await quits(top)
})

test('leaves the terminal as it was: q, Ctrl-C, signals', async () => {
  for (const end of ['q', 'C-c', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    const top = new Tmux(`${TOP} -r ${TRACE}`)
    await top.shows(...whole('processes'))
    if (end.startsWith('SIG')) process.kill(top.pid, end)
    else top.press(end)
    await endsWell(top)
  }
  const top = new Tmux(`${TOP} -r ${TRACE}`)
  await top.shows(...whole('processes'))
  process.kill(top.pid, 'SIGQUIT')
  await endsWell(top, 128 + 3)
})

test('leaves the terminal as it was: an error, a crash', async () => {
  copyFileSync(TRACE, file('gone.scap.gz'))
  const top = new Tmux(`${TOP} -r ${file('gone.scap.gz')}`)
  await top.shows(...whole('processes'))
  rmSync(file('gone.scap.gz'))
  top.press('2')
  assert.match(await endsWell(top, 1), /gone\.scap\.gz/)
  writeFileSync(file('crash.mjs'), "process.on('SIGUSR1', () => { throw new Error('crash') })")
  const crash = new Tmux(`${TOP} -r ${TRACE}`, { env: { NODE_OPTIONS: `--import=${file('crash.mjs')}` } })
  await crash.shows(...whole('processes'))
  process.kill(crash.pid, 'SIGUSR1')
  assert.match(await endsWell(crash, 1), /Error: crash/)
})

test('shows what a file has that ends in the middle', async () => {
  writeFileSync(file('short.scap'), traceBytes().subarray(0, 500_000))
  const top = new Tmux(`${TOP} -r ${file('short.scap')}`)
  note('a file that is not whole', await top.shows(/^all /m, /^short\.scap ends inside of what begins/m))
  assert.ok(cells(top).length > 3)
  await quits(top)
})

test('ends with its terminal', async () => {
  const top = new Tmux(`${TOP} -r ${TRACE}`)
  await top.shows(...whole('processes'))
  const { pid } = top
  top.close()
  for (let left = 200; isAlive(pid); left--) {
    if (left === 0) process.kill(pid, 'SIGKILL')
    assert.ok(left > 0, 'it goes on without a terminal')
    await new Promise(resolve => setTimeout(resolve, 50))
  }
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('needs a terminal', async () => {
  const { code, stderr } = await sysring(['top', '-r', TRACE])
  assert.is(code, 2)
  assert.match(stderr, /standard output is no terminal\nhint: sysring run/)
  const broken = new Tmux(`sh -c "${TOP} -r ${TRACE} | head -1"`)
  assert.match(await endsWell(broken), /standard output is no terminal/)
  const without = new Tmux(`${TOP} -r ${TRACE} < /dev/null`)
  assert.match(await endsWell(without, 2), /standard input is no terminal/)
  assert.is((await shell('set -o pipefail; $SYSRING top | head -1')).code, 2)
})

test('draws where a build server’s variables are set', async () => {
  const top = new Tmux(`${TOP} -r ${TRACE}`, { env: { CI: 'true', CONTINUOUS_INTEGRATION: '1' } })
  await top.shows(...whole('processes'))
  await quits(top)
})

test('live: what happens now, paused, stepped through, down to the data', async () => {
  const top = new Tmux(TOP, { width: 140 })
  note('live: processes', await top.shows(/^interval [3-9] of/m, / bash /))
  top.press('/')
  top.type('proc.name = cat')
  top.press('Enter', '4')
  note('live: files', await top.shows(filtered('proc.name = cat'), /^interval [3-9]/m, /\/etc\/hostname/, /[▁-█]{2}/))
  top.press('p')
  const paused = await top.shows(/^PAUSED/m)
  await new Promise(resolve => setTimeout(resolve, 2500))
  const rows = (screen: string) => screen.split('\n').slice(2, -3)
  assert.equal(rows(top.screen), rows(paused))
  top.press('Left')
  await top.shows(/^PAUSED {2}interval/m)
  top.press('p')
  await top.shows(/^interval \d+ of/m)
  top.press('w')
  await top.shows(/^all \d+ intervals/m, /\/etc\/hostname/)
  const position = cells(top).findIndex(row => row.includes('/etc/hostname'))
  for (let i = 0; i < position; i++) top.press('Down')
  top.press('Enter')
  await top.shows(/etc\/hostname › events$/m, /cat \(\d+\) < read res=/)
  top.press('/', 'C-u')
  top.type('evt.type = read and evt.dir = < and evt.rawres > 0')
  top.press('Enter')
  note('live: events', await top.shows(filtered('evt.type = read and evt.dir = < and evt.rawres > 0'), /cat \(\d+\) < read res=[1-9]/))
  top.press('Enter')
  const hostname = readFileSync('/etc/hostname', 'latin1').trim()
  const screen = await top.shows(/^00000000 /m)
  note('live: data', screen)
  assert.ok(screen.includes(` ${hostname.slice(0, 15)}`), screen)
  await quits(top)
}, LIVE)

test('live: from a container to its process and its file', async () => {
  const { id, inside, remove } = container()
  writeFileSync(file('inside'), 'said in a container')
  const cat = spawn(inside[0], [...inside.slice(1), 'bash', '-c', `while :; do while read -r line; do :; done < ${file('inside')}; sleep 0.1; done`], { detached: true })
  const top = new Tmux(`${TOP} --view containers`, { width: 130 })
  try {
    await top.shows(/^interval/m, new RegExp(id))
    top.press('/')
    top.type(`container.id = ${id}`)
    top.press('Enter')
    note('live: a container', await top.shows(filtered(`container.id = ${id}`), new RegExp(`^ +[1-9].*${id}`, 'm')))
    top.press('Enter')
    await top.shows(new RegExp(`${id} › processes$`, 'm'), /^ +[1-9].* bash /m)
    top.press('/', 'C-u')
    top.type(`fd.name = ${file('inside')}`)
    top.press('Enter')
    await top.shows(filtered(`fd.name = ${file('inside')}`), /^ +[1-9].* bash /m)
    top.press('Enter')
    await top.shows(/ › bash \d+ › files$/m, new RegExp(`^ +[1-9].* ${file('inside')} *$`, 'm'))
    top.press('Enter')
    await top.shows(/ › events$/m, /read res=19/)
    await quits(top)
  } finally {
    process.kill(-cat.pid!, 'SIGKILL')
    await once(cat, 'close')
    remove()
  }
}, { needs: [...LIVE.needs, 'cgroups'] })

test('live: counts each of 250,000 calls a second', async () => {
  const program = compile('paced', 'test/cli/programs')
  const top = new Tmux(`${TOP} --ring 32`, { width: 110 })
  await top.shows(/^interval/m)
  top.press('6', '/')
  top.type('proc.name = paced')
  top.press('Enter', 'w')
  await top.shows(filtered('proc.name = paced'))
  const cpu = cpuMs(top.pid)
  const { stdout, ms } = await run(program, ['250', '8000'])
  const calls = Number(stdout)
  const used = cpuMs(top.pid) - cpu
  await new Promise(resolve => setTimeout(resolve, 2500))
  const screen = await top.shows(/^ *\d+ .* getppid *$/m)
  note('live: two million calls', screen)
  const counted = Number(cells(top).find(row => row.at(-1) === 'getppid')![0])
  const rss = /^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${top.pid}/status`, 'utf8'))![1]
  top.press('q')
  const stderr = await endsWell(top)
  const dropped = Number(/^(\d+) dropped/m.exec(stderr)![1])
  console.log(`\nNOTE top beside ${Math.round(calls / ms)} calls/ms: ${Math.round(used / ms * 100)} % of a core, ${Math.round(Number(rss) / 1024)} MiB; ${stderr.trim().split('\n').slice(0, 2).join(', ')}`)
  // What is not in the row was dropped, and told.
  assert.ok(counted <= calls && counted >= calls - dropped, `${counted} of ${calls}, ${dropped} dropped`)
}, LIVE)

/** What a process has used of a CPU so far: utime and stime of /proc/PID/stat, in ticks of 10 ms. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}
