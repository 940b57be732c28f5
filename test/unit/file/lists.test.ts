import * as assert from 'uvu/assert'
import { type ListedThread, parseMetadata } from '../../../lib/iface/file/lists.js'
import { suite } from '../../helpers/suite.js'
import { bytes, fixture, read, vector } from './build.js'

const test = suite('metadata lists')

const lists = async (path: string) => parseMetadata((await read(path)).capture.metadata)
const text = (value: string) => bytes(true, [2, value.length], value)

test('the machine of a capture that sysdig made', async () => {
  const { machine, interfaces, users, groups, threads, fds, damaged } = await lists(fixture('small.scap'))
  assert.is(damaged, 0)
  assert.is(machine!.cpus, 2)
  assert.equal(interfaces.map(({ name, address }) => [name, address.length]), [['lo', 4], ['lo', 16]])
  assert.equal([...interfaces[0].address], [127, 0, 0, 1])
  assert.equal(users, [{ uid: 0, gid: 0, name: 'root', home: '/root', shell: '/bin/sh' }])
  assert.equal(groups, [{ gid: 0, name: 'root' }])
  const httpd = threads.find(({ comm }) => comm === 'httpd')!
  assert.equal([httpd.tid, httpd.exepath, httpd.args, httpd.cwd], [108, '/bin/busybox', ['-p', '127.0.0.1:8080', '-h', '/www'], '/www'])
  assert.is(httpd.loginuid, 0xffffffff)
  assert.is(httpd.pidnsStart, undefined)
  const open = fds.find(({ pid }) => pid === 108)!.fds
  const server = open.find(({ type, remote }) => type === 'inet' && remote === undefined)!
  assert.is(server.local!.port, 8080)
})

test('both tails of a process list', async () => {
  const [old] = (await lists(vector('pl_old.scap'))).threads
  const [today] = (await lists(vector('pl_new.scap'))).threads
  const [none] = (await lists(vector('pl_none.scap'))).threads
  assert.equal([old.loginuid, today.loginuid, none.loginuid], [1000, 1000, undefined])
  assert.equal([old.pidnsStart, today.pidnsStart], [undefined, 0n])
  assert.equal([old.exeIno, today.exeIno, today.pgid], [undefined, 7n, 1234])
})

test('file descriptors of every type', async () => {
  const [{ pid, fds }] = (await lists(vector('fdtypes.scap'))).fds
  assert.is(pid, 1234)
  assert.equal(fds.map(({ fd, type }) => [fd, type]).slice(0, 4), [[3, 'inet'], [4, 'inet'], [5, 'inet'], [6, 'unix']])
  assert.equal([...fds[0].local!.address, fds[0].local!.port], [127, 0, 0, 1, 1234])
  assert.equal([...fds[0].remote!.address, fds[0].remote!.port], [10, 0, 0, 1, 80])
  assert.is(fds[1].remote, undefined)
  assert.is(fds[2].remote!.address.length, 16)
  assert.equal([fds[3].source, fds[3].name], [0xabcn, '/run/x'])
})

/** The fields of one process, up to `version`. */
function processEntry(version: number): Buffer {
  const one = (from: number, ...fields: Parameters<typeof bytes> extends [boolean, ...infer F] ? F : never) => version >= from ? bytes(true, ...fields) : Buffer.alloc(0)
  return Buffer.concat([
    one(1, [8, 11], [8, 12], [8, 13]), one(6, [8, 14]), one(8, [8, 15]),
    one(1, text('cat'), text('/bin/cat')), one(7, text('/usr/bin/cat')),
    one(1, text('a\0b\0'), text('/tmp'), [8, 1024], [4, 5], [4, 6], [4, 7]),
    one(2, [4, 21], [4, 22], [4, 23], [8, 24], [8, 25]),
    one(3, text('HOME=/\0')), one(4, [8, 41], [8, 42], text('cpu=/\0mem=/\0')), one(5, text('/root')),
  ])
}

test('process lists of every version and number', () => {
  const numbers = [[0x202, 1], [0x8000abcd, 1], [0x207, 2], [0x8013abcd, 2], [0x209, 3], [0x8014abcd, 3], [0x210, 4], [0x211, 5], [0x212, 6], [0x213, 7], [0x214, 8]]
  for (const [type, version] of numbers) {
    const body = Buffer.concat([processEntry(version), processEntry(version), Buffer.alloc(3)])
    const { threads, damaged } = parseMetadata([{ type, body }])
    assert.is(damaged, 0)
    assert.is(threads.length, 2)
    const thread: ListedThread = threads[1]
    assert.equal([thread.tid, thread.comm, thread.args, thread.cwd, thread.fdlimit, thread.gid], [11, 'cat', ['a', 'b'], '/tmp', 1024, 7])
    const added = [thread.vmSizeKb, thread.env?.[0], thread.cgroups?.[1], thread.root, thread.sid, thread.exepath, thread.vpgid]
    assert.equal(added, [21, 'HOME=/', 'mem=/', '/root', 14, '/usr/bin/cat', 15].map((value, index) => version >= index + 2 ? value : undefined))
  }
})

test('interfaces, users and fds without lengths', () => {
  const address = (kind: number, size: number, speed: boolean) =>
    bytes(true, [2, kind], [2, 4], Buffer.alloc(size, 1), Buffer.alloc(size, 2), Buffer.alloc(size, 3), ...(speed ? [[8, 0] as [8, number]] : []), 'eth0')
  const user = bytes(true, [1, 0], [4, 1], [4, 2], text('u'), text('/h'), text('/s'))
  const group = bytes(true, [1, 1], [4, 3], text('g'))
  const fd = bytes(true, [8, 3], [8, 4], [1, 1], text('/etc/passwd'))
  for (const [il, ul, fdl] of [[0x205, 0x206, 0x203], [0x8011abcd, 0x8012abcd, 0x8001abcd]]) {
    const found = parseMetadata([
      { type: il, body: Buffer.concat([address(1, 4, true), address(2, 16, true), address(3, 4, false), address(4, 16, false)]) },
      { type: ul, body: Buffer.concat([user, group]) },
      { type: fdl, body: Buffer.concat([bytes(true, [8, 99]), fd, fd]) },
    ])
    assert.is(found.damaged, 0)
    assert.equal(found.interfaces.map(({ name, netmask }) => [name, netmask.length]), [['eth0', 4], ['eth0', 16], ['eth0', 4], ['eth0', 16]])
    assert.equal(found.users, [{ uid: 1, gid: 2, name: 'u', home: '/h', shell: '/s' }])
    assert.equal(found.groups, [{ gid: 3, name: 'g' }])
    assert.equal(found.fds.map(({ pid, fds }) => [pid, fds.map(({ name }) => name)]), [[99, ['/etc/passwd', '/etc/passwd']]])
  }
})

test('a damaged block gives what comes before the damage', async () => {
  const { capture: { metadata } } = await read(fixture('small.scap'))
  const whole = parseMetadata(metadata)
  for (const { type, body } of metadata) {
    for (let cut = 0; cut < body.length; cut++) {
      const found = parseMetadata([{ type, body: body.subarray(0, cut) }])
      assert.ok(found.threads.length <= whole.threads.length && found.damaged <= 1)
    }
  }
  const wrong = parseMetadata([{ type: 0x215, body: bytes(true, [4, 2], Buffer.alloc(100)) }, { type: 0x218, body: bytes(true, [8, 1], [4, 0xffffffff], Buffer.alloc(60)) }])
  assert.is(wrong.damaged, 2)
})
