import type { EventInfo, ParamInfo } from '../../event/table.js'

/**
 * What parameters are called in display filters. Wireshark's own dissector of sysdig's blocks (packet-sysdig-event.c) has
 * one field for all parameters of a name and a kind of value, named after the last event of its table that has one:
 * `sysdig.param.openat2.fd` is every `fd`. Ours takes the same name wherever there is one, and gives others by that rule.
 *
 * Wireshark knows few kinds: flags, results, ids, sockets and relative paths are bytes to it. Of a field that is bytes, what they
 * mean stands in fields below it: `.value`, `.text`, `.time`, and the parts of addresses.
 */

/** Type of a field as in `tshark -G fields`, with the base that numbers are shown in. */
export type FieldType = string

/** Wireshark's fields by type, without "sysdig.param."; those of 4.0, as `tshark -G fields` lists them. */
export const NATIVE: Readonly<Record<FieldType, string>> = {
  'BYTES': `syscall.ID ptrace.addr execve.cgroups semctl.cmd ptrace.data socketpair.domain signaldeliver.dpid
    quotactl.dqb_btime quotactl.dqb_itime quotactl.dqi_bgrace quotactl.dqi_flags quotactl.dqi_igrace getresgid.egid
    page_fault.error getresuid.euid pluginevent.event_data ppoll.fds fchmodat.filename openat2.flags getgid.gid
    shutdown.how nanosleep.interval getsockopt.level symlinkat.linkpath epoll_wait.maxevents fchmod.mode openat2.name
    renameat2.newpath switch.next setns.nstype renameat2.oldpath futex.op flock.operation getsockopt.optname mkdirat.path
    setpgid.pgid setpgid.pid mmap2.prot execve.ptid quotactl.quota_fmt quotactl.quota_fmt_out ptrace.request
    userfaultfd.res bpf.res_or_fd openat2.resolve prlimit.resource procexit.ret getresgid.rgid getresuid.ruid
    semop.sem_flg_0 semop.sem_flg_1 semget.semflg getresgid.sgid signaldeliver.sig ppoll.sigmask signaldeliver.spid
    procexit.status getresuid.suid tracer.tags execve.tid ppoll.timeout accept.tuple quotactl.type getuid.uid
    getsockopt.val vfork.vpid vfork.vtid llseek.whence`,
  'STRING': `execve.args execve.comm execve.cwd notification.desc infra.description mount.dev mount.dir execve.env
    execve.exe chmod.filename notification.id container.image container.json symlink.linkpath infra.name link.newpath
    link.oldpath unlink.path quotactl.quotafilepath infra.scope infra.source quotactl.special symlinkat.target mount.type`,
  'INT16:DEC': 'semop.sem_op_0 semop.sem_op_1',
  'INT32:DEC': 'semget.key execve.loginuid semget.nsems semctl.semid semctl.semnum execve.tty semctl.val',
  'INT64:DEC': `bpf.cmd setrlimit.cur openat2.dirfd pipe.fd1 pipe.fd2 splice.fd_in openat2.fd splice.fd_out vfork.fdlimit
    tracer.id sendfile.in_fd symlinkat.linkdirfd setrlimit.max prlimit.newcur linkat.newdir renameat2.newdirfd
    prlimit.newmax prlimit.oldcur linkat.olddir renameat2.olddirfd prlimit.oldmax sendfile.out_fd fcntl.res poll.timeout`,
  'UINT8:DEC': 'timerfd_create.clockid procexit.core accept.queuepct',
  'UINT16:DEC': 'syscall.nativeID semop.sem_num_0 semop.sem_num_1',
  'UINT32:DEC': `cpu_hotplug.action listen.backlog cpu_hotplug.cpu sysdigevent.event_type vfork.gid quotactl.id
    semop.nsops getsockopt.optlen pluginevent.plugin_ID socketpair.proto accept.queuelen accept.queuemax drop.ratio
    pwritev.size container.type vfork.uid execve.vm_rss execve.vm_size execve.vm_swap`,
  'UINT32:HEX': 'openat.dev accept.flags signalfd.mask',
  'UINT32:OCT': 'openat2.mode',
  'UINT64:DEC': `procinfo.cpu_sys procinfo.cpu_usr quotactl.dqb_bhardlimit quotactl.dqb_bsoftlimit quotactl.dqb_curspace
    quotactl.dqb_ihardlimit quotactl.dqb_isoftlimit sysdigevent.event_data execve.fdlimit eventfd.initval pipe.ino
    munmap.length sendfile.offset seccomp.op execve.pgft_maj execve.pgft_min mmap2.pgoffset pwritev.pos sendfile.size
    futex.val`,
  'UINT64:HEX': 'page_fault.addr ioctl.argument page_fault.ip socketpair.peer ioctl.request mmap2.res socketpair.source',
}

const PREFIX = 'sysdig.param.'

/** "fd INT64" → the native field of that name and kind. */
const native = new Map<string, { name: string; type: FieldType }>()
for (const [type, names] of Object.entries(NATIVE)) {
  for (const name of names.split(/\s+/)) native.set(`${name.split('.')[1]} ${kind(type)}`, { name: PREFIX + name, type })
}

function kind(type: FieldType): string {
  return type.split(':')[0]
}

/** What Wireshark takes these types for that have a meaning of their own. */
const AS_BYTES = /^(ENUM)?FLAGS|^ERRNO$|^PID|^[UG]ID$|^SIG|^SOCK|^FDLIST$|^RELTIME$|^DYN$|^BYTEBUF$|^FSRELPATH$|^CHARBUFARRAY$|^SYSCALLID$|^MODE$/

/** The kinds of native fields that fit a parameter, best first. */
function nativeKinds({ name, type, format }: ParamInfo): string[] {
  if (type === 'ERRNO' && format === 'HEX') return ['UINT64']
  if (/^(args|env)$/.test(name) && /^BYTEBUF$|PAIR_ARRAY$/.test(type)) return ['STRING']
  if (AS_BYTES.test(type)) return ['BYTES']
  if (/^(CHARBUF|FSPATH)$/.test(type)) return ['STRING']
  if (/^FD/.test(type)) return ['INT64']
  const otherSign = type.startsWith('U') ? type.slice(1) : `U${type}`
  return /^U?INT/.test(type) ? [type, otherSign] : []
}

/** Fields for what has no native one. */
function ownType({ type, format }: ParamInfo): FieldType {
  if (/^U?INT/.test(type)) return `${type}:${type.startsWith('U') && format !== 'NA' ? format : 'DEC'}`
  return VALUES[type]?.type ?? OWN[type] ?? 'BYTES'
}

const OWN: Readonly<Record<string, FieldType>> = {
  FD: 'INT64:DEC', FD32: 'INT64:DEC', PORT: 'UINT16:DEC', IPV4ADDR: 'IPV4', IPV6ADDR: 'IPV6', ABSTIME: 'ABSOLUTE_TIME',
  CHARBUF: 'STRING', FSPATH: 'STRING',
}

interface Part {
  readonly suffix: string
  readonly type: FieldType
}

/** The one field below a field of bytes that says what they mean. */
const VALUES: Readonly<Record<string, Part>> = {
  ...of('FLAGS8 FLAGS16 FLAGS32 ENUMFLAGS8 ENUMFLAGS16 ENUMFLAGS32 SIGSET', 'value', 'UINT32:HEX'),
  ...of('MODE', 'value', 'UINT32:OCT'),
  ...of('UID GID SIGTYPE SYSCALLID', 'value', 'UINT32:DEC'),
  ...of('ERRNO PID PID32', 'value', 'INT64:DEC'),
  ...of('FSRELPATH CHARBUFARRAY CHARBUF_PAIR_ARRAY', 'text', 'STRING'),
  ...of('RELTIME', 'time', 'RELATIVE_TIME'),
}

function of(types: string, suffix: string, type: FieldType): Record<string, Part> {
  return Object.fromEntries(types.split(' ').map((each) => [each, { suffix, type }]))
}

const FAMILY: Part = { suffix: 'family', type: 'UINT8:DEC' }
const TEXT: Part = { suffix: 'text', type: 'STRING' }
const PATH: Part = { suffix: 'path', type: 'STRING' }

/** One end of a connection over IP. */
function end(v4: string, v6: string, port: string): Part[] {
  return [{ suffix: v4, type: 'IPV4' }, { suffix: v6, type: 'IPV6' }, { suffix: port, type: 'UINT16:DEC' }]
}

/** The fields below one of bytes where they are several, or depend on the parameter. */
function parts(param: ParamInfo, types: readonly ParamInfo[]): readonly Part[] {
  const { name, type } = param
  if (type === 'SOCKADDR') return [TEXT, FAMILY, ...end('ip', 'ip6', 'port'), PATH]
  if (type === 'SOCKTUPLE') {
    const pointers = ['srcptr', 'dstptr'].map((suffix) => ({ suffix, type: 'UINT64:HEX' }))
    return [TEXT, FAMILY, ...end('src', 'src6', 'srcport'), ...end('dst', 'dst6', 'dstport'), ...pointers, PATH]
  }
  if (type === 'FDLIST') return [{ suffix: 'fd', type: 'INT64:DEC' }, { suffix: 'events', type: 'UINT16:HEX' }]
  if (type === 'DYN') return [{ suffix: 'value', type: types.some((each) => each.type === 'UINT64' && each.format === 'HEX') ? 'UINT64:HEX' : 'INT64:DEC' }]
  if (type === 'BYTEBUF') return name === 'cgroups' ? [TEXT] : []
  const value = VALUES[type]
  return value === undefined ? [] : [value]
}

/** All fields that were asked for: name → type. */
export class FieldNames {
  readonly types = new Map<string, FieldType>()
  /** "fd INT64" → the last event that has such a parameter without a native field. */
  readonly #lastEvent = new Map<string, string>()

  constructor(events: readonly EventInfo[]) {
    for (const { name, params } of events) for (const param of params) this.#lastEvent.set(`${param.name} ${kind(ownType(param))}`, name)
  }

  /** The name of a parameter's field. `types` are those of a DYN parameter. */
  of(param: ParamInfo, types: readonly ParamInfo[]): string {
    const known = nativeKinds(param).map((each) => native.get(`${param.name} ${each}`)).find((each) => each !== undefined)
    const own = ownType(param)
    const { name, type } = known ?? { name: `${PREFIX}${this.#lastEvent.get(`${param.name} ${kind(own)}`)}.${param.name}`, type: own }
    this.#add(name, type)
    if (type === 'BYTES') for (const part of parts(param, types)) this.#add(`${name}.${part.suffix}`, part.type)
    return name
  }

  #add(name: string, type: FieldType): void {
    const before = this.types.get(name)
    if (before !== undefined && kind(before) !== kind(type)) throw new Error(`${name} is both ${before} and ${type}`)
    if (before === undefined) this.types.set(name, type)
  }
}
