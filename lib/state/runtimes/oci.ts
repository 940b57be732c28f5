import type { ContainerMount } from '../container.js'
import { list, record, text, texts, type Untrusted } from '../untrusted.js'
import type { Description } from './description.js'

/** What the config.json that a runtime hands to runc or crun says of any container: OCI's runtime specification. */
export function describeSpec(spec: Untrusted): Description {
  return { privileged: isPrivileged(spec), mounts: list(spec.mounts).flatMap(mountOf) }
}

/** Capabilities that only privileged containers have together. */
const POWERS = ['CAP_SYS_ADMIN', 'CAP_SYS_MODULE', 'CAP_SYS_RAWIO']

/** No runtime writes that down, but what it means: all capabilities, and nothing of /proc and /sys hidden. */
function isPrivileged({ linux, process }: Untrusted): boolean {
  const { maskedPaths, readonlyPaths } = record(linux)
  const capabilities = texts(record(record(process).capabilities).bounding)
  return list(maskedPaths).length === 0 && list(readonlyPaths).length === 0 && POWERS.every(power => capabilities.includes(power))
}

/** What the runtime makes for each container, such as its /etc/hostname, nobody has asked for. */
const OWN = /\/userdata\/|\/io\.containerd\./
const PROPAGATION = /^r?(?:private|shared|slave|unbindable)$/

/** Of the mounts only those of something of the host: in a container everything else is mounted as well. */
function mountOf(entry: unknown): ContainerMount[] {
  const { destination, type, source, options } = record(entry)
  const [from, dest] = [text(source), text(destination)]
  if (type !== 'bind' || from === undefined || dest === undefined || OWN.test(from)) return []
  const flags = texts(options)
  return [{ source: from, dest, mode: '', rdwr: !flags.includes('ro'), propagation: flags.find(flag => PROPAGATION.test(flag)) ?? '' }]
}
