import { statSync } from 'node:fs'
import { netnsOf } from './netns.js'
import type { Proc } from './proc.js'

/** One thread, as of the moment when it was read. */
export interface Thread {
  tid: number
  pid: number
  /** The process that started it. */
  ptid: number
  sid: number
  /** Process group, in the thread's own pid namespace. */
  vpgid: number
  comm: string
  /** argv[0]. */
  exe: string
  exepath: string
  /** argv without argv[0]. */
  args: string[]
  cwd: string
  /** How many fds it may open; -1 for any number. */
  fdlimit: number
  /** Bit set of PPM_CL_*. */
  flags: number
  /** Effective user and group. */
  uid: number
  gid: number
  vmSizeKb: number
  vmRssKb: number
  vmSwapKb: number
  majorFaults: number
  minorFaults: number
  env: string[]
  /** Thread and process number in the thread's own pid namespace. */
  vtid: number
  vpid: number
  /** "memory=/system.slice/…" */
  cgroups: string[]
  root: string
  /** 0xFFFFFFFF: nobody logged in. */
  loginuid: number
  exeWritable: boolean
  /** Of the program's file: 0n if it has none that can be seen. Times in nanoseconds since the epoch. */
  exeIno: bigint
  exeCtime: bigint
  exeMtime: bigint
  /** Process group, in the initial pid namespace (of /proc: in that where it is mounted). */
  pgid: number
  /** Controlling terminal, as the driver's events have it; 0 for none. */
  tty: number
  /** Start of its pid namespace, in nanoseconds since the epoch; /proc does not tell. */
  pidnsStart?: bigint
  capInheritable: bigint
  capPermitted: bigint
  capEffective: bigint
  /** Inode of its network namespace, 0 if not known. */
  netns: number
}

export interface ThreadOptions {
  /** Environment variables too. */
  env: boolean
  maxThreads: number
}

// What libscap says of threads beside the main one. How a process was cloned nobody can tell any more: 0.
export const PPM_CL_CLONE_FILES = 1 << 0
export const PPM_CL_CLONE_THREAD = 1 << 13

/** Longest argv, environment and list of cgroups that libscap reads, in bytes. */
export const MAX_LIST = 4096

/** All threads that can make system calls: kernel threads and zombies cannot, and are left out, as libscap does. */
export function readThreads(proc: Proc, options: ThreadOptions): Thread[] {
  const threads: Thread[] = []
  for (const pid of proc.numbers('.')) {
    if (threads.length >= options.maxThreads) break
    threads.push(...readProcess(proc, pid, { ...options, maxThreads: options.maxThreads - threads.length }))
  }
  return threads
}

/** The threads of one process, the main thread first. */
export function readProcess(proc: Proc, pid: number, options: ThreadOptions): Thread[] {
  const main = readMain(proc, pid, options)
  if (main === undefined) return []
  const beside = proc.numbers(`${pid}/task`).filter(tid => tid !== pid).slice(0, options.maxThreads - 1)
  return [main, ...beside.map(tid => readBeside(proc, main, tid)).filter(thread => thread !== undefined)]
}

/** One thread by its number; undefined if there is none that can make system calls. */
export function readThread(proc: Proc, tid: number, env: boolean): Thread | undefined {
  const pid = field(proc.text(`${tid}/status`) ?? '', 'Tgid')
  const main = pid === 0 ? undefined : readMain(proc, pid, { env, maxThreads: 1 })
  return main === undefined || tid === pid ? main : readBeside(proc, main, tid)
}

function readMain(proc: Proc, pid: number, options: ThreadOptions): Thread | undefined {
  const own = readOwn(proc, `${pid}`, pid)
  if (own === undefined) return undefined
  return {
    ...own,
    ...readStrings(proc, pid, options.env),
    ...readProgram(`${proc.root}/${pid}/exe`, own.uid, own.gid),
    fdlimit: Number(/^Max open files\s+(\d+)/m.exec(proc.text(`${pid}/limits`) ?? '')?.[1] ?? -1),
    flags: 0,
    loginuid: Number(proc.text(`${pid}/loginuid`) ?? 0xffffffff),
  }
}

/** The texts that a process has. */
export type Strings = Pick<Thread, 'exe' | 'exepath' | 'args' | 'cwd' | 'env' | 'cgroups' | 'root'>

export function readStrings(proc: Proc, pid: number, env: boolean): Strings {
  const [exe = '', ...args] = list(proc.bytes(`${pid}/cmdline`, MAX_LIST))
  return {
    exe,
    exepath: proc.link(`${pid}/exe`) ?? '',
    args,
    cwd: proc.link(`${pid}/cwd`) ?? '',
    env: env ? list(proc.bytes(`${pid}/environ`, MAX_LIST)) : [],
    cgroups: cgroups(proc.text(`${pid}/cgroup`) ?? ''),
    root: proc.link(`${pid}/root`) ?? '',
  }
}

/** A thread beside the main one: what threads can differ in only by great effort is taken from there. */
function readBeside(proc: Proc, main: Thread, tid: number): Thread | undefined {
  const own = readOwn(proc, `${main.pid}/task/${tid}`, tid)
  return own === undefined ? undefined : { ...main, ...own, flags: PPM_CL_CLONE_THREAD | PPM_CL_CLONE_FILES }
}

type Program = Pick<Thread, 'exeWritable' | 'exeIno' | 'exeCtime' | 'exeMtime'>
type Shared = keyof Strings | keyof Program | 'fdlimit' | 'flags' | 'loginuid' | 'pidnsStart'

const PF_KTHREAD = 0x0020_0000

/** What stands in a thread's own files. Source: proc_pid_stat(5) and proc_pid_status(5). */
function readOwn(proc: Proc, path: string, tid: number): Omit<Thread, Shared> | undefined {
  const stat = proc.text(`${path}/stat`)
  if (stat === undefined) return undefined
  // "1234 (a comm) may (hold anything) S 1 …": the fields begin behind the last parenthesis.
  const end = stat.lastIndexOf(')')
  const [state, , , sid, tty, , flags, minorFaults, , majorFaults] = stat.slice(end + 2).split(' ', 10)
  if (state === 'Z' || state === 'X' || (Number(flags) & PF_KTHREAD) !== 0) return undefined
  const status = proc.text(`${path}/status`)
  if (status === undefined) return undefined
  return {
    tid,
    pid: field(status, 'Tgid'),
    ptid: field(status, 'PPid'),
    sid: Number(sid),
    vpgid: field(status, 'NSpgid', LAST),
    pgid: field(status, 'NSpgid', FIRST),
    tty: Number(tty),
    comm: stat.slice(stat.indexOf('(') + 1, end),
    uid: field(status, 'Uid', EFFECTIVE),
    gid: field(status, 'Gid', EFFECTIVE),
    vmSizeKb: field(status, 'VmSize'),
    vmRssKb: field(status, 'VmRSS'),
    vmSwapKb: field(status, 'VmSwap'),
    majorFaults: Number(majorFaults),
    minorFaults: Number(minorFaults),
    vtid: field(status, 'NSpid', LAST),
    vpid: field(status, 'NStgid', LAST),
    capInheritable: capabilities(status, 'CapInh'),
    capPermitted: capabilities(status, 'CapPrm'),
    capEffective: capabilities(status, 'CapEff'),
    netns: netnsOf(proc, path),
  }
}

/** Of real, effective, saved and file-system ids. */
const EFFECTIVE = 1
/** Of the ids in nested namespaces, outermost first. */
const FIRST = 0
const LAST = -1

/** The number at `index` in a line of `status`, 0 if there is no such line. */
function field(status: string, name: string, index = 0): number {
  return Number.parseInt(line(status, name).split('\t').at(index)!, 10) || 0
}

function capabilities(status: string, name: string): bigint {
  return BigInt(`0x${line(status, name) || '0'}`)
}

function line(status: string, name: string): string {
  const key = `\n${name}:\t`
  const start = status.indexOf(key)
  return start < 0 ? '' : status.slice(start + key.length, status.indexOf('\n', start + 1))
}

/** Strings that each end with a NUL; the last one may have been cut. */
function list(bytes: Buffer | undefined): string[] {
  if (bytes === undefined || bytes.length === 0) return []
  const strings = bytes.toString('utf8').split('\0')
  if (strings.at(-1) === '') strings.pop()
  return strings
}

/** The controllers whose paths the driver puts into its clone and execve events. */
const V2_CONTROLLERS = ['cpuset', 'cpu', 'cpuacct', 'blkio', 'memory']

/** "4:memory:/x" becomes "memory=/x"; the one path of version 2, "0::/x", stands for the controllers that have none. */
function cgroups(text: string): string[] {
  const paths = new Map<string, string>()
  let unified = '/'
  for (const [, controllers, path] of text.matchAll(/^\d+:([^:]*):(.*)$/gm)) {
    if (controllers === '') unified = path
    else for (const name of controllers.split(',')) if (!name.includes('=')) paths.set(name, path)
  }
  if (unified !== '/') for (const name of V2_CONTROLLERS) if (!paths.has(name)) paths.set(name, unified)
  return Array.from(paths, ([name, path]) => `${name}=${path}`)
}

/** What the file says that the process runs. */
function readProgram(exe: string, uid: number, gid: number): Program {
  try {
    const { mode, uid: owner, gid: group, ino, ctimeNs, mtimeNs } = statSync(exe, { bigint: true })
    const exeWritable = isWritable({ mode: Number(mode), uid: Number(owner), gid: Number(group) }, uid, gid)
    return { exeWritable, exeIno: ino, exeCtime: ctimeNs, exeMtime: mtimeNs }
  } catch {
    return { exeWritable: false, exeIno: 0n, exeCtime: 0n, exeMtime: 0n }
  }
}

/** May the process write to its own program? By owner and mode, as the kernel decides where there are no ACLs. */
export function isWritable(program: { mode: number; uid: number; gid: number }, uid: number, gid: number): boolean {
  return uid === 0 || program.uid === uid || (program.mode & (program.gid === gid ? 0o020 : 0o002)) !== 0
}
