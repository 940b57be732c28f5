import * as assert from 'uvu/assert'
import { FD, FdInfo } from '../../../lib/state/fdinfo.js'
import { State } from '../../../lib/state/state.js'
import { ThreadInfo } from '../../../lib/state/threadinfo.js'
import { event, type ParamValue } from '../../helpers/record.js'
import { suite } from '../../helpers/suite.js'

const test = suite('follow › namespaces')

const [HERE, NAMED, NEW] = [4026531840, 4026532001, 4026532002]
const [CLONE_NEWNET, CLONE_NEWNS] = [1 << 4, 1 << 5]
/** A file of a namespace, a process. */
const [NETNS_FD, PIDFD] = [5, 6]

/** A thread in a namespace that is known. `now`: where the running machine says that it is; undefined for a file. */
function script(now: number | undefined) {
  const state = new State(now === undefined ? undefined : { thread: () => undefined, fd: () => undefined, netns: () => now })
  const thread = new ThreadInfo(100)
  thread.pid = 100
  thread.netns = HERE
  for (const [fd, type, ino] of [[NETNS_FD, FD.FILE_V2, BigInt(NAMED)], [PIDFD, FD.PIDFD, 0n]] as const) {
    const info = new FdInfo()
    info.type = type
    info.ino = ino
    thread.fds.set(fd, info)
  }
  state.add(thread)
  let ts = 1n
  const tell = (type: Parameters<typeof event>[0]['type'], params: ParamValue[], tid = 100) => state.update(event({ type, tid, ts: ts++, params }))
  return { state, thread, tell }
}

type Script = ReturnType<typeof script>

const WAYS = {
  'enter and exit events': {
    setns({ tell }: Script, fd: number, type: number, res = 0) {
      tell('PPME_SYSCALL_SETNS_E', [fd, type])
      tell('PPME_SYSCALL_SETNS_X', [res])
    },
    unshare({ tell }: Script, flags: number) {
      tell('PPME_SYSCALL_UNSHARE_E', [flags])
      tell('PPME_SYSCALL_UNSHARE_X', [0])
    },
  },
  'exit events that say all': {
    setns({ tell }: Script, fd: number, type: number, res = 0) {
      tell('PPME_SYSCALL_SETNS_X', [res, fd, type])
    },
    unshare({ tell }: Script, flags: number) {
      tell('PPME_SYSCALL_UNSHARE_X', [0, flags])
    },
  },
}

for (const [model, { setns, unshare }] of Object.entries(WAYS)) {
  test(`${model}: setns goes where the file says, unshare where only the machine knows`, () => {
    for (const [now, asked] of [[NEW, NEW], [undefined, 0]]) {
      const made = script(now)
      const { thread } = made
      setns(made, NETNS_FD, CLONE_NEWNS)
      unshare(made, CLONE_NEWNS)
      setns(made, NETNS_FD, CLONE_NEWNET, -1)
      assert.is(thread.netns, HERE, 'other namespaces are no matter, nor is what has failed')
      setns(made, NETNS_FD, CLONE_NEWNET)
      assert.is(thread.netns, NAMED)
      unshare(made, CLONE_NEWNET | CLONE_NEWNS)
      assert.is(thread.netns, asked)
      setns(made, NETNS_FD, CLONE_NEWNET)
      setns(made, PIDFD, CLONE_NEWNET)
      assert.is(thread.netns, asked, 'a process does not say which is its namespace')
      setns(made, NETNS_FD, CLONE_NEWNET)
      setns(made, NETNS_FD, 0)
      assert.is(thread.netns, asked, 'of any kind')
    }
  })
}

test('sockets keep the namespace that they were made in', () => {
  const made = script(NEW)
  const { thread, tell } = made
  tell('PPME_SOCKET_SOCKET_E', [2, 1, 0])
  tell('PPME_SOCKET_SOCKET_X', [7, 2, 1, 0])
  WAYS['enter and exit events'].setns(made, NETNS_FD, CLONE_NEWNET)
  tell('PPME_SOCKET_SOCKET_E', [2, 1, 0])
  tell('PPME_SOCKET_SOCKET_X', [8, 2, 1, 0])
  assert.equal([thread.fds.get(7)!.netns, thread.fds.get(8)!.netns], [HERE, NAMED])
})
