import { NO_CGROUPS } from './cgroups.js'
import type { FdInfo } from './fdinfo.js'
import { StringList } from './stringlist.js'

/** In `flags` of a thread: PPM_CL_* of the driver's ppm_events_public.h. */
export const CL_CLONE_FILES = 1 << 0
export const CL_CLONE_NEWNET = 1 << 4
export const CL_CLONE_THREAD = 1 << 13
/** Set by the reader: the child's own clone event came before its parent's. */
export const CL_CLONE_INVERTED = 1 << 16
export const CL_CHILD_IN_PIDNS = 1 << 29

/** What stands for the name of a thread that nobody knows. */
export const NO_NAME = '<NA>'

/** What is known of one thread. A process is the thread whose tid is its pid. */
export class ThreadInfo {
  tid: number
  pid = -1
  /** The process that started it, in the initial pid namespace. */
  ptid = -1
  sid = -1
  /** Process group, in the thread's own pid namespace. */
  vpgid = -1
  /** Process group, in the initial pid namespace; -1 if not known. */
  pgid = -1
  comm = NO_NAME
  /** argv[0]. */
  exe = NO_NAME
  exepath = ''
  /** @internal See `args`. */ _args = StringList.EMPTY
  /** @internal See `env`. */ _env = StringList.EMPTY
  /** @internal See `cgroups`. */ _cgroups = NO_CGROUPS
  /** Of the process; '' if not known. Of a thread it is looked up in the main thread. */
  cwd = ''
  root = '/'
  /** Bit set of CL_*. */
  flags = 0
  /** How many fds it may open; -1 if not known. */
  fdlimit = -1
  uid = 0xffff_ffff
  gid = 0xffff_ffff
  loginuid = -1
  tty = 0
  vtid = -1
  vpid = -1
  /** Threads that it has beside itself. */
  nchilds = 0
  vmSizeKb = 0
  vmRssKb = 0
  vmSwapKb = 0
  majorFaults = 0
  minorFaults = 0
  exeWritable = false
  exeUpperLayer = false
  exeLowerLayer = false
  exeFromMemfd = false
  exeIno = 0n
  /** Nanoseconds since the epoch. */
  exeCtime = 0n
  exeMtime = 0n
  capInheritable = 0n
  capPermitted = 0n
  capEffective = 0n
  /** Start of its pid namespace, in nanoseconds since the epoch. */
  pidnsStart = 0n
  /** Inode of its network namespace, 0 if not known. */
  netns = 0
  /** When its clone was seen, in ns from the capture's first event (may be negative); NEVER if it was there before. */
  cloneTime = NEVER
  /** Its fds; threads that share them have the same table. */
  fds: Map<number, FdInfo>
  /** The main thread, once it was looked up. */
  main: ThreadInfo | undefined

  // What is needed to put enter and exit events together.
  /** The fd of the event at hand, or of the enter event before it; -1 for none. */
  lastFd = -1
  /** Type of the last enter event; NO_EVENT when an exit event cannot belong to it. */
  lastType = NO_EVENT
  /** Its last event was the beginning of a call. */
  inCall = false
  /** A copy of the last enter event where its exit event needs it, in memory that is used again; see State.enterOf. */
  enter: Uint8Array | undefined
  enterView: DataView | undefined
  enterNparams = 0
  enterStored = false
  /** It has ended, but others of its process have not. */
  exiting = false
  /** It is no longer in the table. */
  ended = false
  /** Times of the last event and of the one before, in ns from the capture's first event. */
  lastTime = 0
  previousTime = 0
  /** Time of the last enter event; NEVER before the first. */
  enterTime = NEVER
  /** ns from the enter to the exit event; 0 in an enter event. */
  latency = 0

  /** `fds`: of a thread that shares another one's. */
  constructor(tid: number, fds = new Map<number, FdInfo>()) {
    this.tid = tid
    this.fds = fds
  }

  /** argv without argv[0]. */
  get args(): readonly string[] {
    return this._args.strings
  }

  /** Environment when the program was started; of a thread beside the main one, none. */
  get env(): readonly string[] {
    return this._env.strings
  }

  /** "memory=/system.slice/…" */
  get cgroups(): readonly string[] {
    return this._cgroups.paths
  }

  /** Twelve digits; '' on the host. */
  get containerId(): string {
    return this._cgroups.containerId
  }

  get isMain(): boolean {
    return this.tid === this.pid
  }
}

/** No time at all: earlier than any. */
export const NEVER = -Infinity

/** No event has this type. */
export const NO_EVENT = 0xfffe
