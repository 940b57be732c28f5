import { spawn } from 'node:child_process'
import * as assert from 'uvu/assert'
import { openFile } from '../../lib/iface/file/open.js'
import { busy } from '../helpers/busy.js'
import { folder } from '../helpers/folder.js'
import { run, shell, sysring } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'
import { TRACE } from '../helpers/trace.js'

const test = suite('live', { needs: ['bpf', 'btf'] })
const { file } = folder()
/** PPM_EVENT_MAX of sysdig 0.29.3: its table ends here. */
const FIRST_EVENT_AFTER_0_29 = 336
const lines = (text: string) => text.split('\n').length - 1
const captured = (stderr: string) => Number(/^(\d+) events in/m.exec(stderr)?.[1])

busy(test)

test('dump prints events for as long as it is told', async () => {
  const { code, stdout, stderr, ms } = await sysring(['dump', '-i', 'sysdig', '-d', '1', '-v'])
  assert.is(code, 0, stderr)
  assert.ok(ms > 1000 && ms < 6000, `${ms} ms`)
  assert.is(lines(stdout), captured(stderr))
  assert.match(stdout, /^\d+ \d\d:\d\d:\d\d\.\d{9} \d+ cat \(\d+\) < openat .*name=\/etc\/hostname/m)
  assert.match(stderr, /^cpu 0: \d+ events, \d+ dropped$/m)
})

test('dump --syscalls and --events', async () => {
  const { stdout } = await sysring(['dump', '--syscalls', 'openat', '--events', 'exit', '-d', '1', '--json', '-q'])
  const events = stdout.trimEnd().split('\n').map(line => JSON.parse(line) as Record<string, string>)
  const types = new Set(events.map(event => event['evt.type'] + event['evt.dir']))
  assert.ok(types.delete('openat<'))
  // No calls, but what happened to processes; the driver's table has them as enter events.
  types.delete('procexit>')
  types.delete('signaldeliver>')
  assert.equal([...types], [])
})

test('dump --drop-failed', async () => {
  const cats = `while :; do cat /nowhere; cat /etc/hostname; sleep 0.02; done`
  const { code, stdout, stderr } = await shell(`sh -c '${cats}' 2> /dev/null > /dev/null & $SYSRING dump --drop-failed --syscalls openat --json -q -d 1; status=$?; kill $!; exit $status`)
  assert.is(code, 0, stderr)
  const opened = stdout.trimEnd().split('\n').map(line => JSON.parse(line) as Record<string, string>).filter(event => event['evt.type'] === 'openat')
  const exits = opened.filter(event => event['evt.dir'] === '<')
  assert.ok(exits.length > 0 && exits.length < opened.length, `${exits.length} exits, ${opened.length} in all`)
  assert.not.match(stdout, /nowhere.*"evt.dir":"<"|"evt.dir":"<".*nowhere/)
})

test('dump --full-ports', async () => {
  for (const range of ['x', '90-80', '1-2-3', '70000']) {
    const { code, stderr } = await sysring(['dump', '--full-ports', range, '-d', '1'])
    assert.ok(code !== 0 && /port/i.test(stderr), `${range}: ${code} ${stderr}`)
  }
  const { code, stderr } = await sysring(['dump', '--dynamic-snaplen', '--full-ports', '8000-8099', '-d', '0.2', '-q', '-w', '/dev/null'])
  assert.is(code, 0, stderr)
})

test('dump -n', async () => {
  const { stdout } = await sysring(['dump', '-n', '50'])
  assert.is(lines(stdout), 50)
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} ends with the footer, as success`, async () => {
    const { code, stdout, stderr } = await sysring(['dump', '-i', 'sysdig'], { signalOn: { text: '(', signal, afterMs: 300 } })
    assert.is(code, 0)
    assert.is(lines(stdout), captured(stderr))
  })
}

test('SIGINT completes the file', async () => {
  const path = file('interrupted.scap')
  const { code, stderr } = await shell(`$SYSRING dump -w ${path} & sleep 2; kill -INT $!; wait $!`)
  assert.is(code, 0, stderr)
  assert.is(lines((await sysring(['dump', '-q', '-r', path])).stdout), captured(stderr))
})

test('a second signal kills', async () => {
  // A reader that has stopped: the first signal cannot be obeyed.
  const pipe = file('pipe')
  const { stdout } = await shell(`mkfifo ${pipe}; sleep 20 < ${pipe} & reader=$!
    $SYSRING dump -q -r ${TRACE} > ${pipe} & sleep 2; kill -INT $!; sleep 0.5; kill -INT $!; wait $!; echo $?; kill $reader`)
  assert.is(stdout, '130\n')
})

test('-w - | tcpdump -r -', async () => {
  const { stdout, stderr } = await shell(`$SYSRING dump -i sysdig -w - --framing ethernet --syscalls openat,close -d 2 | tcpdump -r - --count`)
  assert.match(stdout, `${captured(stderr)} packets`)
}, { needs: ['tcpdump'] })

test('-w - | tshark -i -', async () => {
  const { stdout, stderr } = await shell(`$SYSRING dump -i sysdig -w - --syscalls openat,close -d 2 | tshark -i - -T fields -e frame.number`)
  assert.is(lines(stdout), captured(stderr), stderr)
}, { needs: ['tshark'] })

test('-w FILE.scap: sysdig reads every event, and knows processes and files by name', async () => {
  const path = file('x.scap')
  const { stderr } = await sysring(['dump', '-d', '2', '-w', path])
  const { code, stdout, stderr: errors } = await run('sysdig', ['-r', path, '-p', '*%evt.type %proc.name %fd.name'])
  assert.is(code, 0, errors)
  // What came after its time it passes over.
  let known = 0
  let all = 0
  for await (const burst of await openFile(path)) {
    for (const ev of burst) {
      all++
      if (ev.type < FIRST_EVENT_AFTER_0_29) known++
    }
  }
  assert.is(all, captured(stderr))
  assert.is(lines(stdout), known)
  const rows = stdout.trimEnd().split('\n')
  const nameless = rows.filter(row => row.split(' ')[1] === '<NA>')
  assert.ok(nameless.length < rows.length / 100, `${nameless.length} of ${rows.length} events without a process name`)
  assert.match(stdout, /^openat cat \/\S+/m)
  assert.match(stdout, /^close cat \/\S+/m)
}, { needs: ['sysdig'] })

test('a filter: what is printed, and what a file shows, is what it lets through', async () => {
  const filter = 'proc.name = cat and evt.type = openat and fd.name = /etc/hostname'
  const { stdout, stderr } = await sysring(['dump', '-d', '1', '-p', '%proc.name %evt.type %fd.name', filter])
  assert.ok(captured(stderr) > 5, stderr)
  assert.equal([...new Set(stdout.trimEnd().split('\n'))], ['cat openat /etc/hostname'])

  const path = file('filtered.scap')
  const written = await sysring(['dump', '-n', '6', '-w', path, filter])
  assert.is(captured(written.stderr), 6, written.stderr)
  for (const reader of [sysring(['dump', '-q', '-r', path, '-p', '%proc.name %fd.name']), run('sysdig', ['-r', path, '-p', '%proc.name %fd.name'])]) {
    assert.is((await reader).stdout, 'cat /etc/hostname\n'.repeat(6))
  }
}, { needs: ['sysdig'] })

test('a filter that wants exit events only, and lines that tell how long the calls took', async () => {
  const sleeper = spawn('bash', ['-c', 'while :; do sleep 0.2; done'], { stdio: 'ignore', detached: true })
  try {
    const { stdout } = await sysring(['dump', '-q', '-d', '3', '-p', '%evt.latency', 'evt.dir=< and evt.type in (nanosleep, clock_nanosleep) and proc.args=0.2'])
    // The first may have begun before the capture.
    const [, ...latencies] = stdout.trimEnd().split('\n').map(Number)
    assert.ok(latencies.length > 1)
    for (const ns of latencies) assert.ok(ns >= 200e6 && ns < 2e9, `${ns} ns`)
  } finally {
    process.kill(-sleeper.pid!, 'SIGKILL')
  }
})

test('count: a block per second, and the sum', async () => {
  const { code, stdout } = await sysring(['count', '-i', 'sysdig', '-d', '2.5', '--json'])
  assert.is(code, 0)
  const counts = stdout.trimEnd().split('\n').map(line => JSON.parse(line) as { events: number; final: boolean; perCpu: { events: number }[] })
  assert.equal(counts.map(({ final }) => final), [false, false, true])
  const { events, perCpu } = counts[2]
  assert.ok(events >= counts[1].events && counts[1].events > counts[0].events)
  assert.is(perCpu.reduce((sum, cpu) => sum + cpu.events, 0), events)
})

test('count: SIGINT prints the sum, a closed pipe ends it', async () => {
  const { code, stdout } = await sysring(['count'], { signalOn: { text: '=====\n', signal: 'SIGINT' } })
  assert.is(code, 0)
  assert.is(stdout.match(/Absolute Stats/g)?.length, 2)
  const pipe = await shell(`$SYSRING count -v | head -1 > /dev/null; echo \${PIPESTATUS[0]}`)
  assert.is(pipe.stdout, '0\n')
  assert.is(pipe.stderr, '')
})
