import { isCaptureError } from '../errors.js'
import { LINKTYPE_ETHERNET } from '../export/framing.js'
import { parse } from './args.js'
import { OK } from './report.js'

const OPTIONS = {
  json: { help: 'print them as one JSON array' },
} as const

/** What open() takes, beside the network interfaces. */
const CALLS = [
  { name: 'sysdig', about: 'system calls of this machine, by the best probe there is' },
  { name: 'sysdig:kmod', about: 'the same, by the kernel module of sysdig or Falco' },
  { name: 'sysdig:bpf', about: 'the same, by the eBPF probe' },
] as const

interface Listed {
  name: string
  about: string
  usable: boolean
  /** Why not. */
  reason?: string
  hint?: string
}

/** Lists the interfaces, each with the reason where it cannot be opened here. */
export async function run(args: string[]): Promise<number> {
  const values = parse('devices', '[--json]', OPTIONS, args)
  if (values === undefined) return OK
  const listed: Listed[] = []
  const devices = [...CALLS, ...await packets()]
  for (const { name, about } of devices) listed.push({ name, about, ...await tryOut(name) })
  listed.push(...await queues())
  if (values.json === true) {
    console.log(JSON.stringify(listed))
    return OK
  }
  const width = Math.max(...listed.map(({ name }) => name.length)) + 2
  for (const { name, about, usable, reason, hint } of listed) {
    console.log(`${name.padEnd(width)}${about}`)
    if (!usable) console.log(`${' '.repeat(width)}not here: ${reason}\n${' '.repeat(width)}hint: ${hint}`)
  }
  return OK
}

/** The network interfaces, in the kernel's order; none where the addon is not there, which the devices before have said. */
async function packets(): Promise<{ name: string; about: string }[]> {
  const [{ guarded, native }, { deviceKind }] = await Promise.all([import('../native.js'), import('../open.js')])
  try {
    return guarded(() => native().interfaces()).map(({ name, loopback, mtu, linktype }) => ({
      name: deviceKind(name) === 'nic' ? name : `nic:${name}`,
      about: `packets of ${loopback ? 'the loopback interface' : linktype === LINKTYPE_ETHERNET ? 'an Ethernet interface' : 'a network interface'}, MTU ${mtu}`,
    }))
  } catch (error) {
    if (!isCaptureError(error)) throw error
    return []
  }
}

/** The queues of the clusters that run. What there is of them their balancers tell: opening one would take it from its consumer. */
async function queues(): Promise<Listed[]> {
  const [{ clusters, queueDevice }, { askAbout }] = await Promise.all([import('../cluster/address.js'), import('../cluster/server.js')])
  const listed: Listed[] = []
  for (const { id, path } of clusters()) {
    try {
      const { device, by, queues, attached } = await askAbout(path)
      listed.push(...queues.map(({ application, filter }, queue) => ({
        name: queueDevice(id, queue),
        about: `queue ${queue + 1} of ${queues.length} of ${device} by ${by}, for ${application}${filter === undefined ? '' : `: ${filter}`}`,
        usable: !attached[queue],
        ...(attached[queue] && { reason: 'ERR_CAPTURE_BUSY: it has a consumer', hint: 'take another queue of the cluster, or end that consumer' }),
      })))
    } catch (error) {
      if (!isCaptureError(error)) throw error
      // Nobody behind it: what a balancer that was killed has left.
      if (error.code === 'ERR_CAPTURE_NO_DEVICE') continue
      listed.push({ name: queueDevice(id, 0), about: 'a queue of a cluster', usable: false, reason: `${error.code}: ${error.message}`, hint: error.hint })
    }
  }
  return listed
}

/** Opening is the only answer that is never wrong. */
async function tryOut(name: string): Promise<Pick<Listed, 'usable' | 'reason' | 'hint'>> {
  try {
    const { deviceKind, open } = await import('../open.js')
    // Rings as small as can be, of what has many interfaces; that of system calls may be the module's, and is left as it is.
    await (await open(name, { maxDurationMs: 0, ...(deviceKind(name) === 'nic' && { ringBytes: 1 << 20 }) })).close()
    return { usable: true }
  } catch (error) {
    if (!isCaptureError(error)) throw error
    return { usable: false, reason: `${error.code}: ${error.message}`, hint: error.hint }
  }
}
