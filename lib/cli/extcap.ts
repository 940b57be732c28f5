import { CaptureError, isCaptureError } from '../errors.js'
import type { Folders } from '../export/wireshark/folders.js'
import { everyFolder, extcapFolders } from '../extcap/folders.js'
import { install, isInstalled, program, uninstall } from '../extcap/launcher.js'
import { parse } from './args.js'
import { namesPlace, PLACE_OPTIONS, placeOf, type PlaceValues } from './place.js'
import { OK, UsageError } from './report.js'

/** Puts what Wireshark starts for its interface `sysdig` where Wireshark looks, or takes it away. */
export async function run(args: string[]): Promise<number> {
  const values: PlaceValues | undefined = parse('extcap', 'install|uninstall [--user|--system|--dir DIR] [--json]', PLACE_OPTIONS, args, { takesOperands: true })
  if (values === undefined) return OK
  namesPlace(values)
  const [what, ...more] = values.operands ?? []
  if (more.length === 0 && what === 'install') return put(values)
  if (more.length === 0 && what === 'uninstall') return take(values)
  throw new UsageError(what === undefined ? 'what is to be done?' : `there is no 'extcap ${[what, ...more].join(' ')}'`, 'sysring extcap install')
}

async function put(values: PlaceValues): Promise<number> {
  if (process.platform !== 'linux') {
    throw new CaptureError('ERR_CAPTURE_NO_PROBE', `live capture needs Linux, this is ${process.platform}`, 'look at another machine from here: ssh root@HOST sysring dump -w - | wireshark -k -i -')
  }
  const folders = await extcapFolders()
  const folder = placeOf(values, folders) ?? folders.user
  const path = await install(folder)
  const others = (await installed(folders)).filter(other => other !== folder)
  const rights = await capturing()
  if (values.json === true) {
    console.log(JSON.stringify({ installed: path, program: program(), told: folders.told, others, capture: rights }))
    return OK
  }
  console.log(`installed: ${path}`)
  if (!folders.told && values.dir === undefined) console.log('There is no tshark that could say which folder Wireshark looks into; if sysdig is not in its list, see Help, About Wireshark, Folders, and use --dir.')
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

async function take(values: PlaceValues): Promise<number> {
  const known = await extcapFolders()
  const folder = placeOf(values, known)
  const removed: string[] = []
  for (const from of folder === undefined ? await installed(known) : [folder]) {
    const path = await uninstall(from)
    if (path === undefined) continue
    removed.push(path)
    if (values.json !== true) console.log(`removed: ${path}`)
  }
  if (values.json === true) console.log(JSON.stringify({ removed }))
  else if (removed.length === 0) console.log(`there was nothing to remove${folder === undefined ? '' : ` in ${folder}`}`)
  return OK
}

/** Those that have it. */
async function installed(known: Folders): Promise<string[]> {
  const folders = everyFolder(known)
  const found = await Promise.all(folders.map(isInstalled))
  return folders.filter((_, index) => found[index])
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
