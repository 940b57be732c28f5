import { readFile } from 'node:fs/promises'
import { dissectorPath, installDissector, pluginFolders, uninstallDissector } from '../export/wireshark/install.js'
import { parse } from './args.js'
import { Output } from './output.js'
import { namesPlace, PLACE_OPTIONS, placeOf, type PlaceValues } from './place.js'
import { OK, UsageError } from './report.js'

const HINT = 'sysring dissector install'

/** Puts the dissector for sysring's frames among Wireshark's Lua plugins, takes it away, or prints it. */
export async function run(args: string[]): Promise<number> {
  const values: PlaceValues | undefined = parse('dissector', 'install|uninstall|print [--user|--system|--dir DIR] [--json]', PLACE_OPTIONS, args, { takesOperands: true })
  if (values === undefined) return OK
  const isPlaced = namesPlace(values)
  const [what, ...more] = values.operands ?? []
  if (more.length === 0 && what === 'install') return install(values)
  if (more.length === 0 && what === 'uninstall') return uninstall(values)
  if (more.length > 0 || what !== 'print') {
    throw new UsageError(what === undefined ? 'what is to be done?' : `there is no 'dissector ${[what, ...more].join(' ')}'`, HINT)
  }
  if (isPlaced || values.json === true) throw new UsageError('print writes it to standard output, and takes no options', HINT)
  const out = new Output()
  out.line((await readFile(dissectorPath(), 'utf8')).trimEnd())
  await out.flush()
  return OK
}

async function install(values: PlaceValues): Promise<number> {
  const folders = await pluginFolders()
  const folder = placeOf(values, folders) ?? folders.user
  const installed = await installDissector(folder)
  if (values.json === true) {
    console.log(JSON.stringify({ installed }))
    return OK
  }
  console.log(`installed: ${installed}`)
  if (!folders.told && values.dir === undefined) console.log('There is no tshark that could say which folder Wireshark looks into; if it does not show the events, see Help, About Wireshark, Folders, and use --dir.')
  console.log('Wireshark and tshark read it at their next start; an open Wireshark after Analyze, Reload Lua Plugins.')
  return OK
}

async function uninstall(values: PlaceValues): Promise<number> {
  const folders = await pluginFolders()
  const folder = placeOf(values, folders) ?? folders.user
  const removed = await uninstallDissector(folder)
  if (values.json === true) console.log(JSON.stringify({ removed: removed ?? null }))
  else console.log(removed === undefined ? `there was nothing to remove in ${folder}` : `removed: ${removed}`)
  return OK
}
