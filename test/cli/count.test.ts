import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { shell, sysring } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'
import { TRACE, TRACE_EVENTS, traceBytes } from '../helpers/trace.js'

const test = suite('count')

/** Times and rates are the machine's. */
const steady = (text: string) => text.replace(/\d+\.\d+ ms|\d+ events\/s|\d+\.\d+ MB\/s/g, number => number.replace(/[\d.]+/, '#'))

test('prints what a file holds', async () => {
  const { code, stdout, stderr } = await sysring(['count', '-r', TRACE])
  assert.is(code, 0)
  assert.is(stderr, '')
  assert.is(steady(stdout), `=========================
Absolute Stats: [16375 events total][0 dropped][0.0% dropped]
[16375 events][9146 enter][7229 exit][940083 bytes][99 threads]
Actual Stats: [16375 events][# ms][# events/s][# MB/s]
cpu 0: [7941 events][0 dropped][# events/s]
cpu 1: [8434 events][0 dropped][# events/s]
=========================
`)
})

test('--json', async () => {
  const { stdout } = await sysring(['count', '-r', TRACE, '--json'])
  const counts = JSON.parse(stdout) as Record<string, unknown>
  assert.is(counts.final, true)
  assert.is(counts.events, TRACE_EVENTS)
  assert.equal(counts.dropped, { total: 0 })
  assert.equal((counts.perCpu as { events: number }[]).map(({ events }) => events), [7941, 8434])
})

test('-v prints a line per event', async () => {
  const { stdout } = await sysring(['count', '-r', TRACE, '-v', '-n', '3'], { env: { TZ: 'UTC' } })
  assert.equal(stdout.split('\n').slice(0, 3), [
    '23:57:38.958715081 [cpu_id=1][tid=0][152|> switch]',
    '23:57:38.958779000 [cpu_id=1][tid=15][152|> switch]',
    '23:57:38.966554951 [cpu_id=1][tid=0][152|> switch]',
  ])
  assert.match(stdout, '[3 events total]')
})

test('-n stops', async () => {
  const { stdout } = await sysring(['count', '-r', TRACE, '-n', '1000', '--json'])
  assert.is((JSON.parse(stdout) as { events: number }).events, 1000)
})

test('reads standard input', async () => {
  for (const input of [traceBytes(), readFileSync(TRACE)]) {
    const { code, stdout } = await sysring(['count', '-r', '-', '--json'], { input })
    assert.is(code, 0)
    assert.is((JSON.parse(stdout) as { events: number }).events, TRACE_EVENTS)
  }
})

test('a closed pipe ends it quietly', async () => {
  const { stdout, stderr } = await shell(`$SYSRING count -r ${TRACE} -v | head -1; echo \${PIPESTATUS[0]}`)
  assert.is(stdout.trimEnd().split('\n').at(-1), '0')
  assert.is(stderr, '')
})

test('a full disk is an error with a hint', async () => {
  const { code, stderr } = await shell(`$SYSRING count -r ${TRACE} > /dev/full`)
  assert.is(code, 1)
  assert.match(stderr, 'sysring: ERR_CAPTURE_IO: cannot write to standard output: ENOSPC\nhint: ')
})
