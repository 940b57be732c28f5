// timeout: 240
import * as assert from 'uvu/assert'
import { folder } from '../helpers/folder.js'
import { checkModel } from '../helpers/model.js'
import { suite } from '../helpers/suite.js'

// The orders of memory in native/cluster/queue.cc: native/tests/model/README.md
const test = suite('model of the queue', { needs: ['linux', 'spin', 'gcc'] })

const SMALL = { RECORDS: 2, SLOTS: 1, KILLS: 0 }
const { file } = folder()

test('nothing is torn, and nobody sleeps for ever', async () => {
  const { states, error } = await checkModel(file('whole'), SMALL)
  assert.is(error, undefined)
  assert.ok(states > 100_000, `${states} states`)
})

const RACE = /accesses/
const ASLEEP = /^invalid end state/
const WITHOUT: readonly [definition: string, value: string, error: RegExp][] = [
  ['PUBLISH_HEAD', 'RELAXED', RACE],
  ['LOOK_AT_HEAD', 'RELAXED', RACE],
  ['PUBLISH_TAIL', 'RELAXED', RACE],
  ['LOOK_AT_TAIL', 'RELAXED', RACE],
  ['PUBLISH_FENCE', 'no_fence', ASLEEP],
  ['WAIT_FENCE', 'no_fence', ASLEEP],
  ['PUBLISH_FENCE', 'weak_fence', ASLEEP],
  ['WAIT_FENCE', 'weak_fence', ASLEEP],
  ['LOOK_FIRST', '1', ASLEEP],
]
for (const [definition, value, expected] of WITHOUT) {
  test(`it fails with ${definition} ${value}`, async () => {
    const { error } = await checkModel(file(`${definition}-${value}`), { ...SMALL, [definition]: value })
    assert.match(error ?? 'nothing found', expected)
  })
}
