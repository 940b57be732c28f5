import type { Event } from '../event/event.js'
import type { ContainerInfo } from './container.js'
import type { FdInfo } from './fdinfo.js'
import type { ThreadInfo } from './threadinfo.js'

export interface UserInfo { uid: number; gid: number; name: string; home: string; shell: string }
export interface GroupInfo { gid: number; name: string }

/** SKELETON: signatures are final, bodies follow. */
export class State {
  readonly threads = new Map<number, ThreadInfo>()
  readonly users = new Map<number, UserInfo>()
  readonly groups = new Map<number, GroupInfo>()
  /** By id, twelve digits. */
  readonly containers = new Map<string, ContainerInfo>()
  /** Read from the running machine, not from a file. */
  readonly live: boolean = false
  /** Time of the first event, in ns since the epoch. */
  firstTs = 0n
  /** Times of the event at hand and of the one before it, in ns from the first event: exact up to 104 days. */
  time = 0
  previousTime = 0

  /** Follows one event; sets `ev._thread`, `ev._fd`, `ev._error`, `ev._state`. */
  update(_ev: Event): void { throw new Error('skeleton') }
  thread(tid: number): ThreadInfo | undefined { return this.threads.get(tid) }
  /** The main thread of its process; itself, if it is that. */
  mainOf(_thread: ThreadInfo): ThreadInfo | undefined { throw new Error('skeleton') }
  parentOf(thread: ThreadInfo): ThreadInfo | undefined { return this.threads.get(thread.ptid) }
  /** Its fds: the process's where it shares them. */
  fdsOf(_thread: ThreadInfo): Map<number, FdInfo> { throw new Error('skeleton') }
  fdOf(thread: ThreadInfo, fd: number): FdInfo | undefined { return this.fdsOf(thread).get(fd) }
  cwdOf(_thread: ThreadInfo): string { throw new Error('skeleton') }
}
