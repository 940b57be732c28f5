import * as assert from 'uvu/assert'
import { checkBalanceOptions, type BalanceOptions } from '../../../lib/balance/options.js'
import { ALL_KEYS, policyOf, type Queues } from '../../../lib/balance/policy.js'
import { isCaptureError } from '../../../lib/errors.js'
import { balance, openFile } from '../../../lib/index.js'
import '../../helpers/clusters.js'
import { synthetic } from '../../helpers/capture.js'
import { read } from '../../helpers/rings.js'
import { suite } from '../../helpers/suite.js'

const test = suite('options of balance()')

const refused = (call: () => unknown, words: RegExp, code = 'ERR_CAPTURE_OPTION') =>
  assert.throws(call, (error: unknown) => isCaptureError(error) && error.code === code && error.hint !== '' && words.test(error.message))

test('each option has its range', () => {
  const wrong: [BalanceOptions, RegExp][] = [
    [{ queueBytes: 1 << 16 }, /queueBytes/], [{ queueBytes: 3 << 20 }, /power of two/], [{ queueBytes: 2 ** 31 }, /queueBytes/],
    [{ maxWaitMs: 1 }, /maxWaitMs/], [{ maxWaitMs: 1001 }, /maxWaitMs/], [{ maxWaitMs: 2.5 }, /maxWaitMs/],
    [{ windowMs: -1 }, /windowMs/], [{ windowMs: 1001 }, /windowMs/],
    [{ mode: 0o1777 }, /mode/], [{ owner: -2 }, /owner/], [{ group: 1.5 }, /group/], [{ cpu: 1024 }, /cpu/], [{ restarts: -1 }, /restarts/],
    [{ full: 'block' as 'wait' }, /full/], [{ snaplens: [0, -1] }, /snaplen/], [{ snaplens: [65_536] }, /snaplen/],
    [{ workers: 3 } as BalanceOptions, /no option workers/],
  ]
  for (const [options, words] of wrong) refused(() => checkBalanceOptions(options), words)
  const { queueBytes, maxWaitMs, windowNs, stateEvents, mode, by } = checkBalanceOptions({})
  assert.equal({ queueBytes, maxWaitMs, windowNs, stateEvents, mode, by }, { queueBytes: 4 << 20, maxWaitMs: 10, windowNs: 1e6, stateEvents: true, mode: 0o600, by: 'tid' })
})

test('queues are 1 to 128 together', () => {
  for (const queues of [0, -1, 1.5, NaN, 129, {}, { a: 0 }, { a: 64, b: 65 }, { a: 1.5 }] as Queues[]) refused(() => policyOf('tid', queues), /queues/)
  for (const key of ALL_KEYS) {
    const { applications } = policyOf(key, 4)
    assert.is(applications.reduce((sum, { queues }) => sum + queues, 0), 4, key)
  }
  refused(() => policyOf('colour' as 'tid', 2), /colour/)
  refused(() => policyOf('fan-out', { a: 1, b: 1 }), /fan-out/)
  refused(() => policyOf('fan-out+round-robin', 1), /2 queues/)
})

test('applications have the queues that they asked for, in order', () => {
  assert.equal(policyOf('pid', { counters: 2, recorder: 1 }).applications, [{ name: 'counters', key: 'pid', queues: 2 }, { name: 'recorder', key: 'pid', queues: 1 }])
  assert.equal(policyOf('fan-out', 2).applications.map(({ queues }) => queues), [1, 1])
  assert.equal(policyOf('fan-out+round-robin', 4).applications.map(({ key, queues }) => [key, queues]), [['round-robin', 1], ['round-robin', 3]])
})

test('what is refused leaves the capture to its owner', async () => {
  const capture = synthetic([{ bytes: read(1) }])
  for (const [options, code] of [[{ queues: 0 }, 'ERR_CAPTURE_OPTION'], [{ id: '../x' }, 'ERR_CAPTURE_OPTION'], [{ filters: ['evt.typo = 1'] }, 'ERR_CAPTURE_FILTER']] as const) {
    const error: unknown = await balance(capture, options).catch(reason => reason)
    assert.ok(isCaptureError(error) && error.code === code, String(error))
  }
  let count = 0
  for await (const burst of capture) for (const _ of burst) count++
  assert.is(count, 1)
})

test('what fails on the way closes the captures', async () => {
  const capture = synthetic([{ bytes: read(1) }])
  const error: unknown = await balance(capture, { path: '/proc/nowhere', queues: 1 }).catch(reason => reason)
  assert.ok(isCaptureError(error) && error.code === 'ERR_CAPTURE_IO', String(error))
  assert.ok(capture.closed)
})

test('nothing to balance is refused', async () => {
  const error: unknown = await balance([]).catch(reason => reason)
  assert.ok(isCaptureError(error) && error.code === 'ERR_CAPTURE_OPTION')
})

test('a capture that has a consumer is refused', async () => {
  const capture = await openFile(new URL('../../fixtures/small.scap', import.meta.url).pathname)
  for await (const _ of capture) {
    const cluster = await balance(capture, { queues: 1 }).catch((reason: unknown) => reason)
    assert.ok(isCaptureError(cluster) && cluster.code === 'ERR_CAPTURE_CLOSED', String(cluster))
    break
  }
})
