// timeout: 700
import * as assert from 'uvu/assert'
import { folder } from '../helpers/folder.js'
import { checkModel } from '../helpers/model.js'
import { suite } from '../helpers/suite.js'

const test = suite('model of the queue › long', { needs: ['linux', 'spin', 'gcc'], timeoutMs: 320_000 })

const { file } = folder()

/** Every slot is written again, consumers are killed; together some twelve million states. */
for (const size of [{ RECORDS: 3, SLOTS: 2, KILLS: 0 }, { RECORDS: 3, SLOTS: 1, KILLS: 0 }, { RECORDS: 2, SLOTS: 1, KILLS: 1 }, { RECORDS: 2, SLOTS: 2, KILLS: 1 }]) {
  test(JSON.stringify(size), async () => {
    const { states, error } = await checkModel(file(Object.values(size).join('-')), size, { optimize: true })
    assert.is(error, undefined)
    assert.ok(states > 1_000_000, `${states} states`)
  })
}
