import { CaptureError, isCaptureError } from '../errors.js'
import { guarded, native } from '../native.js'
import { openBpfProbe } from './bpf.js'
import { checkLiveOptions } from './options.js'

/** Something of the kernel that the eBPF probe, or the state read at its start, uses. */
export interface KernelFeature {
  readonly name: string
  /** The first kernel that has it, on x86_64 and on arm64; a distribution may have brought it to an older one. */
  readonly since: { readonly x64: string; readonly arm64: string }
  /** What of this library uses it. */
  readonly neededBy: string
  /** What becomes of that where it is missing. */
  readonly without: string
  /** Without it there is no eBPF probe. */
  readonly required: boolean
  /** Uses it on this machine; returns what the kernel says instead, '' if it is there. */
  readonly missing: () => string
}

/** enum bpf_func_id of include/uapi/linux/bpf.h */
const HELPERS = { probe_read_user: 112, ktime_get_boot_ns: 125, get_current_task_btf: 158, task_pt_regs: 175 } as const

const NO_PROBE = 'no eBPF probe: use the kernel module'
const since = (x64: string, arm64 = x64) => ({ x64, arm64 })
const asked = (name: string) => () => guarded(() => native().missingFeature(name))
const helper = (name: keyof typeof HELPERS) => ({ name: `bpf_${name}`, missing: asked(`helper:${HELPERS[name]}`) })

/**
 * What is asked of the kernel, oldest first. Kernel versions are those of the commits that brought each, from the kernel's history and
 * not measured: tests run on 6.18 of x86_64. On arm64, Debian's 6.1 in QEMU has been tried by hand.
 */
export const FEATURES: readonly KernelFeature[] = [
  {
    name: 'BTF', since: since('5.4'), required: true, missing: asked('btf'),
    neededBy: 'finding the fields of this kernel\'s structures', without: NO_PROBE,
  },
  {
    name: 'tp_btf', since: since('5.5'), required: true, missing: asked('tp_btf'),
    neededBy: 'every program: tracepoints with typed arguments', without: NO_PROBE,
  },
  {
    name: 'mmap_array', since: since('5.5'), required: true, missing: asked('mmap_array'),
    neededBy: 'rings that this process reads without copying', without: NO_PROBE,
  },
  { ...helper('probe_read_user'), since: since('5.5'), required: true, neededBy: 'paths, addresses and buffers of the calling process', without: NO_PROBE },
  { ...helper('ktime_get_boot_ns'), since: since('5.8'), required: true, neededBy: 'timestamps', without: NO_PROBE },
  { ...helper('get_current_task_btf'), since: since('5.11'), required: true, neededBy: 'whose call it is', without: NO_PROBE },
  {
    name: 'iterators', since: since('5.12'), required: false, missing: readOnce,
    neededBy: 'threads, files and sockets at the start, and whose packet it is: task and task_file with paths',
    without: 'they are read from /proc, which knows less of sockets',
  },
  {
    ...helper('task_pt_regs'), since: since('5.15'), required: false,
    neededBy: 'telling an execveat that succeeded from an execve', without: 'both are called execve',
  },
  {
    // Tail calls out of programs with functions: 5.10, arm64 6.0. Exchange of a word in memory: arm64 5.18.
    name: 'programs', since: since('5.11', '6.0'), required: true, missing: loadOnce,
    neededBy: 'all of the eBPF probe: that the verifier takes its programs', without: NO_PROBE,
  },
]

/** A feature, and whether this machine has it. */
export interface ProbedFeature extends Omit<KernelFeature, 'missing' | 'since'> {
  /** Of this architecture. */
  readonly since: string
  readonly available: boolean
  /** What the kernel said, where it is not available. */
  readonly reason?: string
}

/** Asks the kernel for every feature; takes about as long as opening a capture. @throws CaptureError without the addon. */
export function probeFeatures(): ProbedFeature[] {
  const arch = process.arch === 'arm64' ? 'arm64' : 'x64'
  native()
  return FEATURES.map(({ missing, since, ...feature }) => {
    const reason = missing()
    return { ...feature, since: since[arch], available: reason === '', ...(reason !== '' && { reason }) }
  })
}

function readOnce(): string {
  return failureOf(() => guarded(() => native().readKernelState(1)))
}

/** Loads the programs, attaches none. */
function loadOnce(): string {
  return failureOf(() => openBpfProbe(checkLiveOptions({ ringBytes: 128 << 10 })).handle.close())
}

function failureOf(attempt: () => unknown): string {
  try {
    attempt()
    return ''
  } catch (error) {
    if (isCaptureError(error)) return (error satisfies CaptureError).message
    throw error
  }
}
