import { CL_CLONE_NEWNET } from '../threadinfo.js'
import { Argument } from './argument.js'
import { type Followers, onSuccess } from './follow.js'

/** Which network namespace a thread is in. Only the running machine tells of a new one, and of that of a pidfd. */

const TYPE = new Argument('nstype')
const FLAGS = new Argument('flags')
/** Where no event says what was asked for: it may have been the network. */
const UNKNOWN = 0xffff_ffff

export const NAMESPACES: Followers = {
  exit: {
    setns: onSuccess((state, ev, thread) => {
      const type = TYPE.uint32(state, ev, thread, UNKNOWN)
      if (type !== 0 && (type & CL_CLONE_NEWNET) === 0) return
      // The inode of a namespace's file is its number. With no type the file may be that of another kind of namespace.
      const ino = type === CL_CLONE_NEWNET ? Number(ev._fd?.ino ?? 0n) : 0
      thread.netns = ino !== 0 ? ino : state.netnsOf(thread.tid)
    }),
    unshare: onSuccess((state, ev, thread) => {
      if ((FLAGS.uint32(state, ev, thread, UNKNOWN) & CL_CLONE_NEWNET) !== 0) thread.netns = state.netnsOf(thread.tid)
    }),
  },
}
