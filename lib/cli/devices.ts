import { isCaptureError } from '../errors.js'
import { parse } from './args.js'
import { OK } from './report.js'

const OPTIONS = {
  json: { help: 'print them as one JSON array' },
} as const

/** What open() takes. */
const DEVICES = [
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
  for (const device of DEVICES) listed.push({ ...device, ...await tryOut(device.name) })
  if (values.json === true) {
    console.log(JSON.stringify(listed))
    return OK
  }
  const width = Math.max(...DEVICES.map(({ name }) => name.length)) + 2
  for (const { name, about, usable, reason, hint } of listed) {
    console.log(`${name.padEnd(width)}${about}`)
    if (!usable) console.log(`${' '.repeat(width)}not here: ${reason}\n${' '.repeat(width)}hint: ${hint}`)
  }
  return OK
}

/** Opening is the only answer that is never wrong. */
async function tryOut(name: string): Promise<Pick<Listed, 'usable' | 'reason' | 'hint'>> {
  try {
    const { open } = await import('../open.js')
    await (await open(name, { maxDurationMs: 0 })).close()
    return { usable: true }
  } catch (error) {
    if (!isCaptureError(error)) throw error
    return { usable: false, reason: `${error.code}: ${error.message}`, hint: error.hint }
  }
}
