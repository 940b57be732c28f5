import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { clusterOptions, perQueue, queuesOf } from '../../../lib/cli/clusteroptions.js'
import { UsageError } from '../../../lib/cli/report.js'

const refused = (work: () => unknown, sentence: RegExp) => assert.throws(work, (error: Error) => error instanceof UsageError && sentence.test(error.message))

test('numbers of queues', () => {
  assert.is(queuesOf(undefined), undefined)
  assert.is(queuesOf('2'), 2)
  assert.equal(queuesOf('2,1'), { app0: 2, app1: 1 })
  assert.equal(queuesOf('counters=2,recorder=1'), { counters: 2, recorder: 1 })
  assert.equal(queuesOf('recorder=1'), { recorder: 1 })
  for (const wrong of ['', 'x', '2,', '-1', 'a=', '=2', '1.5', '2000']) refused(() => queuesOf(wrong), /-n takes numbers of queues/)
  refused(() => queuesOf('a=1,a=2'), /two applications called a/)
})

test('what is given for single queues', () => {
  assert.equal(perQueue('-s', undefined), { all: undefined, queues: [] })
  const { all, queues } = perQueue('-s', ['1:64', '200', '0:32'])
  assert.is(all, '200')
  assert.equal(queues, ['32', '64'])
  assert.equal(perQueue('--filter', ['2:fd.name contains "a:b"']).queues[2], 'fd.name contains "a:b"')
  refused(() => perQueue('-s', ['']), /QUEUE:VALUE/)
})

test('owner, group and mode, by name or number', () => {
  assert.equal(clusterOptions({}), {})
  assert.equal(clusterOptions({ cluster: '7', owner: 'root', group: 'root', mode: '0660', 'queue-mib': '8', 'max-wait': '5' }),
    { id: '7', owner: 0, group: 0, mode: 0o660, queueBytes: 8 << 20, maxWaitMs: 5 })
  assert.equal(clusterOptions({ owner: '1001', group: '1002', mode: '640' }), { owner: 1001, group: 1002, mode: 0o640 })
  refused(() => clusterOptions({ group: 'nobody-has-this' }), /there is no group nobody-has-this/)
  refused(() => clusterOptions({ mode: '9' }), /three octal digits/)
  refused(() => clusterOptions({ 'queue-mib': '0' }), /--queue-mib/)
})

test.run()
