import * as assert from 'uvu/assert'
import type { CaptureError } from '../../../lib/errors.js'
import { checkNicOptions, type NicOptions } from '../../../lib/iface/nic/options.js'
import { guarded, native } from '../../../lib/native.js'
import { checkLiveOptions, type LiveOptions } from '../../../lib/probe/options.js'
import { suite } from '../../helpers/suite.js'

const test = suite('options of network interfaces')

function error(call: () => unknown): CaptureError {
  try {
    call()
  } catch (caught) {
    return caught as CaptureError
  }
  throw new Error('nothing was wrong')
}

/** Options → what is wrong with them, and what the hint has in it. */
const WRONG: [object, RegExp, RegExp][] = [
  [{ snaplen: 0 }, /^snaplen must be a whole number from 1 to 262144, not 0$/, /snaplen: 1/],
  [{ snaplen: 262_145 }, /^snaplen must be/, /./],
  [{ snaplen: 1.5 }, /not 1\.5$/, /./],
  [{ snaplen: '64' }, /not 64$/, /./],
  [{ ringBytes: 3 << 20 }, /^ringBytes must be a power of two, not 3145728$/, /ringBytes: 4194304/],
  [{ ringBytes: 1 << 19 }, /^ringBytes must be/, /./],
  [{ maxWaitMs: 1 }, /^maxWaitMs must be a whole number from 2 to 1000/, /./],
  [{ fanout: { group: 70_000 } }, /^fanout\.group must be a whole number from 0 to 65535/, /./],
  [{ fanout: { group: 1, mode: 'random' } }, /^there is no fanout mode random$/, /hash, lb, cpu, rollover/],
  [{ fanout: { group: 1, mode: 'constructor' } }, /^there is no fanout mode constructor$/, /./],
  [{ bpf: 7 }, /^bpf must be a string$/, /tcp port 80/],
  [{ bpf: 'tcp\0udp' }, /^bpf has a NUL in it$/, /./],
  [{ syscalls: ['open'] }, /^eth0 has no option syscalls$/, /maxEvents, .*decap/],
  [{ pids: {} }, /^eth0 has no option pids$/, /./],
  [{ filter: 'proc.name = cat' }, /^eth0 has packets, and the filter is about system calls$/, /bpf: 'tcp port 80'/],
  [{ state: true }, /^eth0 has packets, of which no state follows$/, /decap: true/],
]

for (const [options, message, hint] of WRONG) {
  test(`wrong: ${JSON.stringify(options)}`, () => {
    const { code, message: actual, hint: given } = error(() => checkNicOptions('eth0', options as NicOptions))
    assert.is(code, 'ERR_CAPTURE_OPTION')
    assert.match(actual, message)
    assert.match(given, hint)
  })
}

test('what is undefined was not given; the defaults', () => {
  assert.equal(checkNicOptions('eth0', { bpf: undefined, snaplen: undefined, ...({ syscalls: undefined } as object) }), {
    bpf: undefined, ringBytes: 64 << 20, snaplen: 262_144, maxWaitMs: 10, promiscuous: false, fanout: undefined, decap: false,
  })
  assert.equal(checkNicOptions('eth0', { fanout: { group: 7 } }).fanout, { group: 7, mode: 0 })
  assert.is(checkNicOptions('eth0', { decap: true, filter: 'proc.name = cat', state: true }).decap, true)
})

test('system calls refuse the options of packets, by name', () => {
  const { code, message, hint } = error(() => checkLiveOptions({ bpf: 'udp' } as LiveOptions))
  assert.equal([code, message], ['ERR_CAPTURE_OPTION', 'sysdig has no option bpf'])
  assert.match(hint, 'filter:')
  assert.match(error(() => checkLiveOptions({ promiscuous: true } as LiveOptions)).message, 'promiscuous')
})

test('filters are compiled for the link type, or refused in libpcap\'s words', () => {
  const compiled = (expression: string, linktype = 1) => guarded(() => native().compileFilter(expression, linktype, 96))
  assert.ok(compiled('tcp port 80') > compiled('ip'))
  assert.is(compiled(''), 1)
  // Raw IP has no link header to look into.
  assert.ok(compiled('tcp port 80', 101) > 1)
  for (const [expression, words] of [['tcp por 80', /syntax error/], ['ether proto', /syntax error/], ['port 70000', /70000/], ['ip6 and', /syntax error/]] as const) {
    const { code, message, hint } = error(() => compiled(expression))
    assert.is(code, 'ERR_CAPTURE_FILTER')
    assert.match(message, words)
    assert.match(message, `'${expression}'`)
    assert.match(hint, 'man pcap-filter')
  }
  assert.match(error(() => compiled('arp and ether host 02:00:00:00:00:01', 101)).message, /ether|MAC|link/i)
}, { needs: ['linux', 'tcpdump'] })
