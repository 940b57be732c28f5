import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { arch, release } from 'node:os'
import { isCaptureError } from '../errors.js'
import { LINKTYPE_ETHERNET } from '../export/framing.js'
import type { ProbedFeature } from '../probe/features.js'

/** One thing that live capture or its companions need. */
export interface Finding {
  name: string
  level: 'ok' | 'warn' | 'fail'
  text: string
  /** What to type or to do about it. */
  fix?: string
}

// Bit numbers of linux/capability.h
const CAPABILITIES = { CAP_BPF: 39, CAP_PERFMON: 38, CAP_SYS_ADMIN: 21, CAP_NET_RAW: 13, CAP_NET_ADMIN: 12 } as const
const TOOLS = [
  { name: 'sysdig', args: ['--version'], package: 'sysdig' },
  { name: 'tshark', args: ['--version'], package: 'tshark' },
  { name: 'tcpdump', args: ['--version'], package: 'tcpdump' },
]

/** What the kernel has of what the eBPF probe uses, asked of it; none where the addon cannot ask. */
export async function features(): Promise<ProbedFeature[]> {
  if (process.platform !== 'linux') return []
  const { probeFeatures } = await import('../probe/features.js')
  try {
    return probeFeatures()
  } catch (error) {
    if (!isCaptureError(error)) throw error
    return []
  }
}

/** Looks at everything, cheapest first. What fails keeps live capture from working; a warning does not. */
export async function examine(features: readonly ProbedFeature[]): Promise<Finding[]> {
  const tools = Promise.all(TOOLS.map(tool))
  if (process.platform !== 'linux') {
    return [node(), fail('kernel', `${process.platform} is not Linux`, 'capture on Linux; files can be read here'), ...await tools]
  }
  const forBpf = [ok('kernel', release()), ...capabilities(), seccomp(), memlock(), lockdown(), ...features.map(featureFinding)]
  // The kernel module needs none of that.
  if (moduleNodes().length > 0) for (const finding of forBpf) if (finding.level === 'fail') finding.level = 'warn'
  const system = [node(), ...forBpf, ...settings(), devices()]
  return [...system, tun(), await addon(), await capture(), await libpcap(), ...await tools]
}

export function captureWorks(findings: readonly Finding[]): boolean {
  return findings.every(({ level }) => level !== 'fail')
}

const ok = (name: string, text: string): Finding => ({ name, level: 'ok', text })
const warn = (name: string, text: string, fix: string): Finding => ({ name, level: 'warn', text, fix })
const fail = (name: string, text: string, fix: string): Finding => ({ name, level: 'fail', text, fix })

function node(): Finding {
  const [major, minor] = process.versions.node.split('.').map(Number)
  const text = `${process.versions.node}, ${arch()}`
  return major > 20 || (major === 20 && minor >= 19) ? ok('node', text) : fail('node', text, 'install Node 20.19 or later')
}

function atLeast(major: number, minor: number): boolean {
  const [isMajor, isMinor] = release().split('.').map(Number)
  return isMajor > major || (isMajor === major && isMinor >= minor)
}

/** Who may not ask gets no answer: then the missing capability is what fails, and not the kernel. */
function featureFinding({ name, since, available, reason, neededBy, without, required }: ProbedFeature): Finding {
  if (available) return ok(name, `yes: ${neededBy}`)
  const text = `no: ${reason}; ${without}`
  const fix = name === 'BTF' ? `use Linux ${since} or later with CONFIG_DEBUG_INFO_BTF=y, as distributions have had since 2021` : `use Linux ${since} or later, as root`
  return required && mayLoad() ? fail(name, text, fix) : warn(name, text, fix)
}

function capability(name: keyof typeof CAPABILITIES): boolean {
  const effective = BigInt(`0x${field('/proc/self/status', 'CapEff') ?? '0'}`)
  return ((effective >> BigInt(CAPABILITIES[name])) & 1n) === 1n
}

function mayLoad(): boolean {
  return capability('CAP_SYS_ADMIN') || (capability('CAP_BPF') && capability('CAP_PERFMON'))
}

function capabilities(): Finding[] {
  const fix = 'become root (sudo), or: sudo setpriv --reuid $USER --regid $USER --init-groups'
    + ' --inh-caps +bpf,+perfmon --ambient-caps +bpf,+perfmon sysring …; in docker run: --cap-add BPF --cap-add PERFMON'
  return (['CAP_BPF', 'CAP_PERFMON', 'CAP_SYS_ADMIN', 'CAP_NET_RAW'] as const).map(name => {
    if (capability(name)) return ok(name, 'held')
    // CAP_SYS_ADMIN contains the two, which were split from it in Linux 5.8.
    if (name === 'CAP_BPF' || name === 'CAP_PERFMON') {
      return capability('CAP_SYS_ADMIN') ? ok(name, 'not held, CAP_SYS_ADMIN contains it') : fail(name, 'not held', fix)
    }
    if (name === 'CAP_NET_RAW') return warn(name, 'not held: network interfaces cannot be captured; system calls can', fix.replaceAll('+bpf,+perfmon', '+net_raw').replace('--cap-add BPF --cap-add PERFMON', '--cap-add NET_RAW'))
    return ok(name, 'not held, and not needed for system calls')
  })
}

function seccomp(): Finding {
  return field('/proc/self/status', 'Seccomp') === '2'
    ? warn('seccomp', 'a filter is in force, as in containers; it may forbid bpf()', 'docker run --security-opt seccomp=unconfined …')
    : ok('seccomp', 'no filter')
}

function memlock(): Finding {
  const limit = /^Max locked memory +(\S+)/m.exec(text('/proc/self/limits') ?? '')?.[1] ?? 'unknown'
  const shown = limit === 'unlimited' || limit === 'unknown' ? limit : `${Math.round(Number(limit) / 1024)} KiB`
  if (atLeast(5, 11)) return ok('memlock', `${shown}; since Linux 5.11 the rings do not count towards it`)
  return Number(limit) < 64 * 2 ** 20 ? warn('memlock', `${shown} is little for the rings`, 'ulimit -l unlimited') : ok('memlock', shown)
}

function lockdown(): Finding {
  const mode = /\[(\w+)\]/.exec(text('/sys/kernel/security/lockdown') ?? '')?.[1] ?? 'not known'
  return mode === 'confidentiality'
    ? fail('lockdown', 'confidentiality: BPF may not read kernel memory', 'boot with lockdown=integrity, or without Secure Boot')
    : ok('lockdown', mode)
}

/** Settings that decide what may be done without capabilities: to be known, never in the way of who has them. */
function settings(): Finding[] {
  return ['perf_event_paranoid', 'unprivileged_bpf_disabled'].map(name => ok(name, text(`/proc/sys/kernel/${name}`)?.trim() ?? 'not there'))
}

function moduleNodes(): string[] {
  return ['scap', 'sysdig', 'falco'].map(name => `/dev/${name}0`).filter(path => existsSync(path))
}

function devices(): Finding {
  const found = moduleNodes()
  return ok('module', found.length > 0 ? found.join(', ') : 'no /dev/scap0, /dev/sysdig0 or /dev/falco0; the eBPF probe needs none')
}

/** What `sysring up` makes its network interface with. */
function tun(): Finding {
  const name = '/dev/net/tun'
  const inDocker = 'in docker run: --cap-add NET_ADMIN --device /dev/net/tun'
  if (!existsSync(name)) return warn(name, 'not there: sysring up cannot make a network interface', `modprobe tun; ${inDocker}`)
  return capability('CAP_NET_ADMIN') ? ok(name, 'there, and CAP_NET_ADMIN held: sysring up can make a network interface')
    : warn(name, 'there, but CAP_NET_ADMIN is not held: sysring up cannot make a network interface', `become root (sudo); ${inDocker}`)
}

/** The BPF programs are part of it. */
async function addon(): Promise<Finding> {
  const { addonPaths } = await import('../native.js')
  const path = addonPaths().find(path => existsSync(path))
  return path === undefined ? fail('addon', `not built for ${process.platform}-${arch()}`, 'in a clone: npm run setup') : ok('addon', path)
}

/** The proof: addon, BPF programs and kernel together. */
async function capture(): Promise<Finding> {
  const started = performance.now()
  try {
    const { open } = await import('../open.js')
    const capture = await open('sysdig', { maxDurationMs: 0 })
    const { device, driver, insteadOfModule } = capture.probe
    await capture.close()
    const text = `sysdig opens as ${device}${driver === undefined ? '' : `, ${driver}`}, in ${(performance.now() - started).toFixed(0)} ms`
    if (insteadOfModule === undefined) return ok('capture', text)
    return warn('capture', `${text}; not by the kernel module: ${insteadOfModule.code}: ${insteadOfModule.message}`, insteadOfModule.hint)
  } catch (error) {
    if (!isCaptureError(error)) throw error
    return fail('capture', `${error.code}: ${error.message}`, error.hint)
  }
}

/** Filters of network interfaces are compiled by it. */
async function libpcap(): Promise<Finding> {
  const { guarded, native } = await import('../native.js')
  try {
    guarded(() => native().compileFilter('ip', LINKTYPE_ETHERNET, 1))
    return ok('libpcap', 'compiles filters of packets')
  } catch (error) {
    if (!isCaptureError(error)) throw error
    return warn('libpcap', `${error.message}; without filters, network interfaces can be captured`, error.hint)
  }
}

/** Its first line that has a version. */
function tool({ name, args, package: debian }: { name: string; args: string[]; package: string }): Promise<Finding> {
  return new Promise(resolve => {
    execFile(name, args, { timeout: 5000 }, (error, stdout, stderr) => {
      const [version] = /\d+\.\d+(\.\d+)*/.exec(stdout + stderr) ?? []
      resolve(version === undefined
        ? warn(name, (error as NodeJS.ErrnoException | null)?.code === 'ENOENT' ? 'not installed' : 'does not run', `apt-get install ${debian}`)
        : ok(name, version))
    })
  })
}

function text(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function field(path: string, name: string): string | undefined {
  return new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(text(path) ?? '')?.[1]
}
