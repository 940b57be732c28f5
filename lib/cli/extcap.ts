import { isCaptureError } from '../errors.js'
import { everyFolder, extcapFolders } from '../extcap/folders.js'
import { install, isInstalled, program, uninstall } from '../extcap/launcher.js'
import { parse } from './args.js'
import { OK, UsageError } from './report.js'

const OPTIONS = {
  user: { help: 'for yourself (default of install)' },
  system: { help: 'for all users of this machine' },
  dir: { value: 'DIR', help: 'in this folder; which ones Wireshark looks into: Help, About Wireshark, Folders; or tshark -G folders' },
  json: { help: 'say it as one JSON object' },
} as const

interface Values {
  list?: string[]
  user?: true
  system?: true
  dir?: string
  json?: true
}

/** Puts what Wireshark starts for its interface `sysdig` where Wireshark looks, or takes it away. */
export async function run(args: string[]): Promise<number> {
  const values: Values | undefined = parse('extcap', 'install|uninstall [--user|--system|--dir DIR] [--json]', OPTIONS, args, { takesList: true })
  if (values === undefined) return OK
  const places = Object.keys(values).filter(name => ['user', 'system', 'dir'].includes(name))
  if (places.length > 1) throw new UsageError(`${places.map(name => `--${name}`).join(' and ')} exclude each other`, 'name one place')
  const [what, ...more] = values.list ?? []
  if (more.length === 0 && what === 'install') return put(values)
  if (more.length === 0 && what === 'uninstall') return taken(values)
  throw new UsageError(what === undefined ? 'what is to be done?' : `there is no 'extcap ${[what, ...more].join(' ')}'`, 'sysring extcap install')
}

async function put(values: Values): Promise<number> {
  const folders = values.dir === undefined ? await extcapFolders() : undefined
  const path = await install(values.dir ?? (values.system === true ? folders!.system : folders!.user))
  const [rights, others] = await Promise.all([capturing(), installedBeside(path)])
  if (values.json === true) {
    console.log(JSON.stringify({ installed: path, program: program(), folderFrom: folders === undefined ? 'option' : folders.told ? 'tshark' : 'default', others, capture: rights }))
    return OK
  }
  console.log(`installed: ${path}`)
  if (folders?.told === false) console.log('There is no tshark that could say which folder Wireshark looks into; if sysdig is not in its list, see Help, About Wireshark, Folders, and use --dir.')
  for (const other of others) console.log(`It is also in ${other}: Wireshark uses one of them; to leave only this one: sysring extcap uninstall --dir ${other}`)
  console.log('sysdig is in the list of Wireshark from its next start, and in that of tshark: tshark -D')
  console.log('A capture has the rights of the Wireshark that starts it. Start it as root, who has a folder of its own (--system is for all), or with capabilities:')
  console.log(`  ${RIGHTS}`)
  if (!rights.works) console.log(`With the rights of this command it would not work: ${rights.reason}\nhint: ${rights.hint}`)
  return OK
}

/** The two capabilities for system calls, and one for packets to merge; whom Wireshark starts inherits them. */
const RIGHTS = 'sudo -E setpriv --reuid $USER --regid $USER --init-groups'
  + ' --inh-caps +bpf,+perfmon,+net_raw --ambient-caps +bpf,+perfmon,+net_raw wireshark'

async function taken(values: Values): Promise<number> {
  const folders = await places(values)
  const removed = (await Promise.all(folders.map(uninstall))).filter(path => path !== undefined)
  if (values.json === true) console.log(JSON.stringify({ removed }))
  else console.log(removed.length > 0 ? removed.map(path => `removed: ${path}`).join('\n') : `there was nothing to remove${folders.length === 1 ? ` in ${folders[0]}` : ''}`)
  return OK
}

/** Where it is to be taken from: without an option, from wherever it is. */
async function places({ dir, user, system }: Values): Promise<string[]> {
  if (dir !== undefined) return [dir]
  if (user === true) return [(await extcapFolders()).user]
  if (system === true) return [(await extcapFolders()).system]
  return installed()
}

async function installed(): Promise<string[]> {
  const folders = await everyFolder()
  const found = await Promise.all(folders.map(isInstalled))
  return folders.filter((_, index) => found[index])
}

async function installedBeside(path: string): Promise<string[]> {
  return (await installed()).filter(folder => !path.startsWith(`${folder}/`))
}

/** Whether system calls can be captured: the one way to know. */
async function capturing(): Promise<{ works: true } | { works: false; reason: string; hint: string }> {
  try {
    const { open } = await import('../open.js')
    await (await open('sysdig', { maxDurationMs: 0 })).close()
    return { works: true }
  } catch (error) {
    if (!isCaptureError(error)) throw error
    return { works: false, reason: `${error.code}: ${error.message}`, hint: error.hint }
  }
}
