import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { CGROUPS } from './cgroups.js'

/** What a test may need of the machine: a privilege, a kernel feature, or else the name of a program on PATH. */
export type Need = 'root' | 'bpf' | 'net_raw' | 'sys_admin' | 'btf' | 'linux' | 'mount_namespace' | 'cgroups' | 'python3-jsonschema' | 'python3-prometheus-client' | (string & {})

/** Debian's, which finds Debian's modules; another one may come before it on PATH. */
export const PYTHON = '/usr/bin/python3'

// Bit numbers of linux/capability.h
const CAP_NET_RAW = 13
const CAP_SYS_ADMIN = 21
const CAP_PERFMON = 38
const CAP_BPF = 39

/** Why a test with these needs cannot run here; undefined if it can. */
export function missing(needs: readonly Need[]): string | undefined {
  const reasons = needs.map(reason).filter(text => text !== undefined)
  return reasons.length === 0 ? undefined : reasons.join(', ')
}

function reason(need: Need): string | undefined {
  switch (need) {
    case 'linux':
      return process.platform === 'linux' ? undefined : 'not Linux'
    case 'root':
      return process.geteuid?.() === 0 ? undefined : 'not root'
    case 'btf':
      return existsSync('/sys/kernel/btf/vmlinux') ? undefined : 'the kernel has no BTF (/sys/kernel/btf/vmlinux)'
    case 'mount_namespace':
      return spawnSync('unshare', ['-m', 'true']).status === 0 ? undefined : 'no mount namespace can be made here (a chroot?)'
    case 'cgroups':
      return isWritable(CGROUPS) ? undefined : `no cgroup can be made in ${CGROUPS}`
    case 'net_raw':
      return holds(CAP_NET_RAW) ? undefined : 'no CAP_NET_RAW'
    case 'sys_admin':
      return holds(CAP_SYS_ADMIN) ? undefined : 'no CAP_SYS_ADMIN'
    case 'bpf':
      return (holds(CAP_BPF) && holds(CAP_PERFMON)) || holds(CAP_SYS_ADMIN) ? undefined : 'no CAP_BPF and CAP_PERFMON'
    case 'python3-jsonschema': case 'python3-prometheus-client': {
      const module = need.slice('python3-'.length).replace('-', '_')
      return spawnSync(PYTHON, ['-c', `import ${module}`]).status === 0 ? undefined : `${need} is not installed`
    }
    default:
      return onPath(need) ? undefined : `${need} is not installed`
  }
}

function holds(capability: number): boolean {
  try {
    const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]
    return (BigInt(`0x${effective}`) >> BigInt(capability) & 1n) === 1n
  } catch {
    return false
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function onPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some(folder => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
