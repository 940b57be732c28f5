import { execFileSync } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { folder } from '../helpers/folder.js'
import { run, shell, SYSRING, sysring } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'
import { TRACE, TRACE_EVENTS, TRACE_SHOWN, traceBytes } from '../helpers/trace.js'

const test = suite('dump')
const { file } = folder()
const lines = (text: string) => text.split('\n').length - 1

test('prints a line per event and the footer apart', async () => {
  const { code, stdout, stderr } = await sysring(['dump', '-r', TRACE], { env: { TZ: 'UTC' } })
  assert.is(code, 0)
  assert.is(lines(stdout), TRACE_SHOWN)
  assert.is(stdout.slice(0, stdout.indexOf('\n')), '1 23:57:38.958715081 1 <NA> (0) > switch next=15 pgft_maj=0 pgft_min=0 vm_size=0 vm_rss=0 vm_swap=0 ')
  assert.match(stdout, /^\d+ 23:57:41\.\d{9} \d work \(\d+\) < openat fd=3\(<f>\/tmp\/wf0\) dirfd=-100\(AT_FDCWD\) name=\/tmp\/wf0 flags=263\(O_TRUNC\|O_CREAT\|O_RDWR\) /m)
  assert.match(stderr, /^16375 events in \d+\.\d{3} s \(\d+\/s\)\n0 dropped\n$/)
})

test('-q leaves the footer out, -n stops', async () => {
  const { stdout, stderr } = await sysring(['dump', '-r', TRACE, '-q', '-n', '5'])
  assert.is(lines(stdout), 5)
  assert.is(stderr, '')
})

test('--json prints an object per line', async () => {
  const { stdout } = await sysring(['dump', '-r', TRACE, '--json'])
  const events = stdout.trimEnd().split('\n').map(line => JSON.parse(line) as Record<string, unknown>)
  assert.is(events.length, TRACE_EVENTS)
})

test('a closed pipe ends it quietly', async () => {
  const { stdout, stderr } = await shell(`$SYSRING dump -r ${TRACE} | head -1; echo \${PIPESTATUS[0]}`)
  assert.is(stdout.trimEnd().split('\n').at(-1), '0')
  assert.is(stderr, '')
})

test('a closed pipe ends writing quietly', async () => {
  const { stdout, stderr } = await shell(`$SYSRING dump -r ${TRACE} -w - | head -c 100 > /dev/null; echo \${PIPESTATUS[0]}`)
  assert.is(stdout, '0\n')
  assert.is(stderr, '')
})

test('no such file, no such format', async () => {
  const none = await sysring(['dump', '-r', '/no/such/file'])
  assert.is(none.code, 1)
  assert.match(none.stderr, /^sysring: ERR_CAPTURE_IO: .*ENOENT.*\nhint: .+\n$/)
  const text = await sysring(['dump', '-r', '-'], { input: 'not a capture' })
  assert.is(text.code, 1)
  assert.match(text.stderr, /^sysring: ERR_CAPTURE_FORMAT: .*\nhint: .+\n$/)
})

test('a file that was cut gives what it has, then the error', async () => {
  const { code, stdout, stderr } = await sysring(['dump', '-r', '-'], { input: traceBytes().subarray(0, 100_000) })
  assert.is(code, 1)
  assert.is(lines(stdout), 1410 - 48, '48 of them are internal')
  assert.match(stderr, /^1410 events in .*\n0 dropped\nsysring: ERR_CAPTURE_TRUNCATED: .*\nhint: .*\n$/)
})

test('a full disk is an error with a hint', async () => {
  for (const line of [`dump -r ${TRACE} -w /dev/full`, `dump -r ${TRACE} > /dev/full`, `dump -r ${TRACE} -w - > /dev/full`]) {
    const { code, stderr } = await shell(`$SYSRING ${line}`)
    assert.is(code, 1, line)
    assert.match(stderr, /^sysring: ERR_CAPTURE_IO: cannot write .*ENOSPC\nhint: the disk is full/m)
  }
})

test('a file system that fills up keeps whole blocks', async () => {
  const small = file('small')
  execFileSync('mkdir', [small])
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', small])
  try {
    const { code, stderr } = await sysring(['dump', '-r', TRACE, '-w', `${small}/x.scap`])
    assert.is(code, 1)
    assert.match(stderr, 'ERR_CAPTURE_IO')
    assert.is((await sysring(['dump', '-q', '-r', `${small}/x.scap`])).code, 0)
  } finally {
    execFileSync('umount', [small])
  }
}, { needs: ['root', 'sys_admin', 'mount'] })

test('SIGINT ends the reading of a pipe with the footer, as success', async () => {
  const trace = file('trace.scap')
  writeFileSync(trace, traceBytes())
  for (const signal of ['INT', 'TERM']) {
    // The pipe stays open: only the signal can end it.
    const { stdout, stderr } = await shell(`: > ${file('out')}; (cat ${trace}; sleep 5) | (exec $SYSRING dump -r - > ${file('out')}) & pipe=$!
      until [ "$(wc -l < ${file('out')})" = ${TRACE_SHOWN} ]; do sleep 0.1; done
      kill -${signal} $pipe; wait $pipe; echo $?`)
    assert.is(stdout, '0\n')
    assert.match(stderr, /^16375 events in /)
  }
})

for (const [name, args] of [
  ['ethernet', []],
  ['user0', ['--framing', 'user0']],
  ['scap', ['--framing', 'scap']],
] as const) {
  test(`-w FILE.pcapng, framing ${name}: tshark and we read every record`, async () => {
    const path = file(`${name}.pcapng`)
    assert.is((await sysring(['dump', '-r', TRACE, '-w', path, ...args])).code, 0)
    const tshark = await run('tshark', ['-r', path, '-T', 'fields', '-e', 'frame.number'])
    assert.is(lines(tshark.stdout), TRACE_EVENTS, tshark.stderr)
    assert.is(lines((await sysring(['dump', '-r', path])).stdout), TRACE_SHOWN)
  }, { needs: ['tshark'] })
}

test('-w FILE.pcap and --format: tcpdump reads every record', async () => {
  for (const args of [['-w', file('x.pcap')], ['-w', file('x.bin'), '--format', 'pcap']]) {
    assert.is((await sysring(['dump', '-r', TRACE, ...args])).code, 0)
    const { stdout, stderr } = await run('tcpdump', ['-r', args[1], '--count'])
    assert.match(stdout, `${TRACE_EVENTS} packets`, stderr)
  }
}, { needs: ['tcpdump'] })

test('-w FILE.scap: sysdig prints the same as of the original', async () => {
  const path = file('x.scap')
  assert.is((await sysring(['dump', '-r', TRACE, '-w', path])).code, 0)
  const [copy, original] = await Promise.all([run('sysdig', ['-r', path]), run('sysdig', ['-r', TRACE])])
  assert.is(copy.code, 0, copy.stderr)
  assert.ok(copy.stdout === original.stdout)
}, { needs: ['sysdig'] })

test('the ending decides, -z compresses', async () => {
  const magic = (name: string) => readFileSync(file(name)).readUInt32BE(0)
  await sysring(['dump', '-q', '-r', TRACE, '-w', file('a.pcap')])
  await sysring(['dump', '-q', '-r', TRACE, '-w', file('a.anything')])
  await sysring(['dump', '-q', '-r', TRACE, '-w', file('a.scap.gz')])
  await sysring(['dump', '-q', '-r', TRACE, '-w', file('z.scap'), '-z'])
  assert.is(magic('a.pcap'), 0x4d3cb2a1)
  assert.is(magic('a.anything'), 0x0a0d0d0a)
  assert.is(magic('a.scap.gz') >>> 16, 0x1f8b)
  assert.is(magic('z.scap') >>> 16, 0x1f8b)
  assert.is(statSync(file('z.scap')).mode & 0o777, 0o600)
})

test('-w - | tcpdump -r -', async () => {
  const { stdout } = await shell(`$SYSRING dump -r ${TRACE} -w - | tcpdump -r - --count`)
  assert.match(stdout, `${TRACE_EVENTS} packets`)
}, { needs: ['tcpdump'] })

test('-w - | tshark -i -', async () => {
  const { stdout } = await shell(`$SYSRING dump -r ${TRACE} -w - --framing scap | tshark -i - -T fields -e frame.number`)
  assert.is(lines(stdout), TRACE_EVENTS)
}, { needs: ['tshark'] })

test('-w - to a terminal is refused', async () => {
  // script(1) is a terminal.
  const { stdout } = await run('script', ['-qec', `${SYSRING.join(' ')} dump -r ${TRACE} -w -`, '/dev/null'])
  assert.match(stdout, 'this would write a binary file to the terminal')
}, { needs: ['script'] })
