import * as assert from 'uvu/assert'
import { busy } from '../helpers/busy.js'
import { folder } from '../helpers/folder.js'
import { type Outcome, powerless, run, SYSRING } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'
import { TRACE_EVENTS } from '../helpers/trace.js'

const test = suite('demo')
const { path: cwd, file } = folder()
busy(test)

function check({ code, stdout, stderr }: Outcome): void {
  assert.is(code, 0, stderr)
  assert.match(stdout, /^\d+ \d\d:\d\d:\d\d\.\d{9} \d+ \S.* \(\d+\) [<>] \w/m)
  assert.match(stdout, /^-- \d+\/s, \d+ dropped {2}\| {2}cpu \d+: \d+\/s, \d+ dropped/m)
  for (const next of ['tcpdump -r sysdig.pcapng', 'tshark -r sysdig.pcapng', 'sysring dump -r sysdig.pcapng', 'sysdig -r trace.scap']) {
    assert.match(stdout, next)
  }
}

/** Records that tcpdump finds in what the demo left. */
async function left(): Promise<number> {
  const { stdout } = await run('tcpdump', ['-r', file('sysdig.pcapng'), '--count'])
  return Number(/^(\d+) packets/m.exec(stdout)?.[1])
}

const captured = ({ stdout }: Outcome) => Number(/^(\d+) events in/m.exec(stdout)?.[1])
const [node, ...script] = SYSRING

test('captures, shows, leaves a file', async () => {
  const result = await run(node, [...script, 'demo', '-d', '2.5'], { cwd })
  check(result)
  assert.match(result.stdout, 'capturing from sysdig for 2.5 s')
  assert.ok(result.ms >= 2500)
  assert.ok(captured(result) > 0)
  assert.is(await left(), captured(result))
}, { needs: ['bpf', 'btf', 'tcpdump'] })

test('Ctrl-C ends it early and well', async () => {
  const result = await run(node, [...script, 'demo', '-d', '60'], { cwd, signalOn: { text: 'capturing', signal: 'SIGINT', afterMs: 2500 } })
  check(result)
  assert.is(await left(), captured(result))
}, { needs: ['bpf', 'btf', 'tcpdump'] })

test('without privileges: says what is missing, and takes the recorded trace', async () => {
  const { path, file } = folder()
  const result = await powerless(['demo'], { cwd: path })
  check(result)
  assert.match(result.stdout, /^Live capture is not possible here: ERR_CAPTURE_PERM: .+\nhint: .+/m)
  assert.match(result.stdout, /^ {2}CAP_BPF: not held\n {4}fix: /m)
  assert.match(result.stdout, 'examples/trace.scap.gz')
  assert.is(captured(result), TRACE_EVENTS)
  assert.match((await run('tcpdump', ['-r', file('sysdig.pcapng'), '--count'])).stdout, `${TRACE_EVENTS} packets`)
}, { needs: ['root', 'setpriv', 'tcpdump'] })
