import * as assert from 'uvu/assert'
import { checkId, isQueueAddress, parseAddress, queueDevice, socketFolder } from '../../../lib/cluster/address.js'
import { parseDescription } from '../../../lib/cluster/description.js'
import { packBlocks, unpackBlocks } from '../../../lib/cluster/metadata.js'
import { isCaptureError } from '../../../lib/errors.js'
import { suite } from '../../helpers/suite.js'

const test = suite('addresses and descriptions of clusters')

const refused = (call: () => unknown, code: string) => assert.throws(call, (error: unknown) => isCaptureError(error) && error.code === code && error.hint !== '')

test('an address is a name or a path, and a queue', () => {
  assert.ok(isQueueAddress('cluster:7@2') && !isQueueAddress('sysdig'))
  const { cluster, queue, path } = parseAddress('cluster:7@2')
  assert.equal([cluster, queue, path.endsWith('/sysring/7')], ['7', 2, true])
  assert.equal(parseAddress('cluster:/dev/shm/a@b@127'), { cluster: '/dev/shm/a@b', path: '/dev/shm/a@b', queue: 127 })
  assert.is(queueDevice('7', 2), 'cluster:7@2')
})

test('what names no queue is refused with what would', () => {
  for (const device of ['cluster:', 'cluster:7', 'cluster:@1', 'cluster:7@', 'cluster:7@x', 'cluster:7@-1', 'cluster:7@1000', 'cluster:7@1.5']) {
    refused(() => parseAddress(device), 'ERR_CAPTURE_NO_DEVICE')
  }
})

test('a name can be a file', () => {
  for (const id of ['7', 'web-1', 'a.b_c', 'x'.repeat(64)]) assert.is(checkId(id), id)
  for (const id of ['', '../7', 'a/b', 'a b', 'x'.repeat(65), 'a\n', 'ä']) refused(() => checkId(id), 'ERR_CAPTURE_OPTION')
  // It stays within its folder.
  for (const id of ['.', '..']) refused(() => checkId(id), 'ERR_CAPTURE_OPTION')
})

test("root's clusters are below /run, another user's in the user's runtime folder", () => {
  assert.is(socketFolder(0, '/run/user/0'), '/run/sysring')
  assert.is(socketFolder(1000, '/run/user/1000'), '/run/user/1000/sysring')
  assert.is(socketFolder(1000, ''), '/run/sysring')
})

test('a description is what it was, or an error', () => {
  const description = { device: 'sysdig', interfaces: [{ name: 'sysdig', linktype: 147, snaplen: 80 }], by: 'tid', waits: false, queues: [{ application: 'queue', index: 0, filter: 'evt.type = open' }] }
  assert.equal(parseDescription(JSON.stringify({ ...description, more: 1 })), description)
  for (const json of ['', '{', 'null', '[]', '"text"', '{}', '{"device":1,"by":"tid","interfaces":[],"queues":[]}', '{"device":"a","by":"tid","interfaces":{},"queues":[]}']) {
    refused(() => parseDescription(json), 'ERR_CAPTURE_FORMAT')
  }
})

test('blocks are what they were, or an error', () => {
  const blocks = [{ type: 0x201, body: Buffer.from('machine') }, { type: 0x213, body: Buffer.alloc(0) }, { type: 0x20, body: Buffer.alloc(5000, 1) }]
  const bytes = packBlocks(blocks)
  assert.equal(unpackBlocks(bytes).map(({ type, body }) => [type, Buffer.from(body).toString('hex')]), blocks.map(({ type, body }) => [type, body.toString('hex')]))
  assert.equal(unpackBlocks(packBlocks([])), [])
  for (let end = 0; end < 40; end++) refused(() => unpackBlocks(bytes.subarray(0, end)), 'ERR_CAPTURE_TRUNCATED')
  refused(() => unpackBlocks(bytes.subarray(0, -1)), 'ERR_CAPTURE_TRUNCATED')
})
