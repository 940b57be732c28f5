import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { SHIPPED_NAMES } from '../../lib/analyze/index.js'
import { busy } from '../helpers/busy.js'
import { folder } from '../helpers/folder.js'
import { shell, sysring } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'
import { TRACE } from '../helpers/trace.js'

const test = suite('run')
const LIVE = { needs: ['bpf', 'btf'] }
const { file } = folder()
busy(test)

test('a table of a file, and the same as JSON', async () => {
  const { code, stdout, stderr } = await sysring(['run', 'topscalls', '-r', TRACE])
  assert.is(code, 0, stderr)
  const [head, ...rows] = stdout.trimEnd().split('\n')
  assert.match(head, /^ *# Calls {2}Syscall$/)
  assert.is(rows.length, 30)
  assert.match(stderr, /^0 dropped$/m)
  const objects = (await sysring(['run', 'topscalls', '-r', TRACE, '--json'])).stdout.trimEnd().split('\n').map(line => JSON.parse(line) as Record<string, unknown>)
  assert.equal(objects.map(row => [row['evt.count'], row['evt.type']].join(' ')), rows.map(row => row.trim().replace(/ +/, ' ')))
})

test('arguments stand behind the name, a filter behind them', async () => {
  const { stdout } = await sysring(['run', 'fileslower', '0', '-r', TRACE, 'proc.name', '=', 'work', '-q'])
  const [head, ...rows] = stdout.trimEnd().split('\n')
  assert.match(head, /^Time +Process +Call +Latency +File$/)
  assert.ok(rows.length > 0 && rows.every(row => /^\d\d:\d\d:\d\d\.\d{9} +work /.test(row)), stdout)
})

test('intervals, and workers', async () => {
  const one = await sysring(['run', 'topscalls', '-r', TRACE, '--every', '0.5', '--json'])
  const two = await sysring(['run', 'topscalls', '-r', TRACE, '--every', '0.5', '--json', '--workers', '2'])
  assert.is(two.stdout, one.stdout)
  assert.ok(new Set(one.stdout.trimEnd().split('\n').map(line => (JSON.parse(line) as { fromMs: number }).fromMs)).size > 1)
})

test('--list names all of them, and each explains itself', async () => {
  const { stdout } = await sysring(['run', '--list', '--json'])
  assert.equal(stdout.trimEnd().split('\n').map(line => (JSON.parse(line) as { name: string }).name), [...SHIPPED_NAMES])
  const { code, stdout: help } = await sysring(['run', 'proctraffic', '--help'])
  assert.is(code, 0)
  assert.match(help, /^usage: sysring run proctraffic SECONDS /)
  assert.match(help, /^ {2}SECONDS +length of an interval/m)
})

test('an analyzer of the user’s own', async () => {
  const path = file('opens.mjs')
  writeFileSync(path, `export default {
    name: 'opens', about: 'How many opens', filter: 'evt.type = openat and evt.dir = <', columns: [{ name: 'n', title: 'Opens' }],
    start: () => ({ n: 0 }), event(state) { state.n++ }, merge(into, from) { into.n += from.n }, report: ({ n }) => ({ rows: [[n]] }),
  }`)
  const expected = (await sysring(['dump', '-q', '-r', TRACE, 'evt.type = openat and evt.dir = <'])).stdout.split('\n').length - 1
  for (const workers of ['1', '2']) {
    const { stdout, stderr } = await sysring(['run', path, '-r', TRACE, '-q', '--workers', workers])
    assert.is(Number(stdout.trim().split('\n')[1]), expected, stderr)
  }
})

test('proctraffic: what is shown is appended to a file that is named after the beginning', async () => {
  const cwd = file('log')
  mkdirSync(cwd)
  const before = Date.now()
  const { code, stdout, stderr } = await sysring(['run', 'proctraffic', '0.2', '-r', TRACE], { cwd })
  assert.is(code, 0, stderr)
  const [name, ...others] = readdirSync(cwd)
  assert.is(others.length, 0)
  assert.is(stderr.split('\n')[0], `appending to ${name}`)
  assert.match(name, /^Log_\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d$/)
  const [, date, time] = name.split('_')
  const began = new Date(`${date}T${time.replaceAll('-', ':')}`).getTime()
  assert.ok(began >= before - 1000 && began <= Date.now(), `${name} of local time`)
  assert.is(statSync(`${cwd}/${name}`).mode & 0o777, 0o600)
  assert.is(readFileSync(`${cwd}/${name}`, 'utf8'), stdout)
  assert.ok(stdout.split('\n\n').length > 2 && /^\d{4}-\d\d-\d\dT/.test(stdout), 'dated reports')
})

test('--log appends, --no-log writes nothing, and neither writes where it cannot', async () => {
  const cwd = file('own')
  mkdirSync(cwd)
  writeFileSync(`${cwd}/mine`, 'before\n')
  const { stdout } = await sysring(['run', 'topscalls', '-r', TRACE, '--json', '--log', 'mine'], { cwd })
  assert.is(readFileSync(`${cwd}/mine`, 'utf8'), `before\n${stdout}`)
  await sysring(['run', 'proctraffic', '1', '-r', TRACE, '--no-log'], { cwd })
  await sysring(['run', 'proctraffic', 'x', '-r', TRACE], { cwd })
  await sysring(['run', 'proctraffic', '1', '-r', 'nowhere.scap'], { cwd })
  assert.equal(readdirSync(cwd), ['mine'])
  const refused = await sysring(['run', 'proctraffic', '1', '-r', TRACE, '--log', 'nowhere/file'], { cwd })
  assert.is(refused.code, 1)
  assert.match(refused.stderr, /cannot write .*nowhere\/file: ENOENT/)
})

test('what is wrong is said', async () => {
  const cases: [string[], RegExp][] = [
    [['run'], /which analyzer/], [['run', 'topscall', '-r', TRACE], /did you mean topscalls/], [['run', 'fileslower', '-r', TRACE], /needs its argument min_ms/],
    [['run', 'fileslower', 'x', '-r', TRACE], /must be a number/], [['run', 'iobytes', '-c', '-r', TRACE], /no columns for containers/],
    [['run', 'proctraffic', '-r', TRACE], /needs its argument seconds/], [['run', 'proctraffic', '0', '-r', TRACE], /seconds of proctraffic must be a number of at least 0.001/],
    [['run', 'proctraffic', '1', '--every', '2', '-r', TRACE], /leave --every out/],
    [['run', 'topscalls', '-r', TRACE, '--workers', '0'], /--workers takes a number/], [['run', './nowhere.mjs', '-r', TRACE], /nowhere/],
  ]
  for (const [args, text] of cases) {
    const { code, stderr } = await sysring(args)
    assert.is(code, 2, `${args.join(' ')}: ${stderr}`)
    assert.match(stderr, text)
  }
})

test('-pc is --containers', async () => {
  const { stdout } = await sysring(['run', 'fileslower', '0', '-pc', '-r', TRACE, '-q'])
  assert.match(stdout, /^Time +container.id +container.name +Process +Call +Latency +File\n\S+ +host +host +/)
  assert.is((await sysring(['run', 'fileslower', '0', '-c', '-r', TRACE, '-q'])).stdout, stdout)
  assert.is((await sysring(['run', 'fileslower', '0', '-px', '-r', TRACE])).code, 2)
})

test('lines as the analyzer writes them, in colours only on a terminal', async () => {
  const args = `run echo_fds -q -r ${TRACE} proc.name = httpd`
  const { stdout: plain } = await shell(`$SYSRING ${args}`)
  assert.match(plain, /^------ Read 84B from {3}\S+ \(httpd\)\nGET /m)
  const { stdout: coloured } = await shell(`script -qec "$SYSRING ${args}" /dev/null < /dev/null`)
  assert.match(coloured, '\x1b[31m------ Read 84B from \x1b[0m')
  assert.is(coloured.replace(/\x1b\[\d+m|\r/g, ''), plain)
  assert.is((await shell(`NO_COLOR=1 script -qec "$SYSRING ${args}" /dev/null < /dev/null`)).stdout.replace(/\r/g, ''), plain)
}, { needs: ['script'] })

test('what programs print does not reach a terminal as control sequences, and is whole in JSON', async () => {
  const { code, stdout, stderr } = await shell(`
    while :; do env printf 'a\\033[2Jb\\tc\\r\\nd\\000e\\n'; sleep 0.05; done > /dev/null & trap "kill $!" EXIT
    timeout 20 $SYSRING run stdout -q proc.name = printf | head -2
    timeout 20 $SYSRING run stdout -q --json proc.name = printf | head -1`)
  assert.is(code, 0, stderr)
  const [first, second, json] = stdout.split('\n')
  assert.equal([first, second], ['a.[2Jb\tc', 'd.e'])
  assert.is((JSON.parse(json) as { data: string }).data, 'a\x1b[2Jb\tc\r\nd\0e\n')
}, LIVE)

test('live: an analyzer gets as much of buffers as it asks for, unless another is asked for', async () => {
  const lengths = async (option: string) => {
    const { stdout } = await shell(`
      while :; do env printf '%1000s' x; sleep 0.05; done > /dev/null & trap "kill $!" EXIT
      timeout 20 $SYSRING run stdout -q --json ${option} proc.name = printf | head -1`)
    return (JSON.parse(stdout) as { data: string }).data.length
  }
  assert.is(await lengths(''), 1000)
  assert.is(await lengths('-s 90'), 90)
  assert.is(await lengths('--workers 2 -d 2'), 1000)
}, LIVE)

test('live: a table a second, and the last one at Ctrl-C', async () => {
  for (const workers of ['1', '2']) {
    // A busy machine takes its time to begin: three tables that name the program are waited for.
    const { code, stderr } = await shell(`$SYSRING run topprocs_file --workers ${workers} --json > ${file('live')} & for i in $(seq 50); do
      sleep 0.5; test "$(grep -o '"fromMs":[0-9]*,.*"cat"' ${file('live')} | cut -d, -f1 | sort -u | wc -l)" -lt 3 || break; done; kill -INT $!; wait $!`)
    assert.is(code, 0, stderr)
    const rows = readFileSync(file('live'), 'utf8').trimEnd().split('\n').map(line => JSON.parse(line) as { fromMs: number; 'proc.name': string })
    const intervals = new Set(rows.filter(row => row['proc.name'] === 'cat').map(({ fromMs }) => fromMs))
    assert.ok(intervals.size >= 2, `${workers} workers: ${intervals.size} intervals`)
  }
}, { ...LIVE, timeoutMs: 60_000 })

test('a reader that has seen enough', async () => {
  const { code, stdout } = await shell(`set -o pipefail; timeout 20 $SYSRING run opensnoop -q | head -3`)
  assert.is(stdout.split('\n').length - 1, 3)
  assert.is(code, 0)
}, LIVE)
