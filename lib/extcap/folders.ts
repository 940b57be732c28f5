import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type Folders, tsharkFolders } from '../export/wireshark/folders.js'

/** Where the folder of all users may be, the likeliest first. */
const SYSTEM = [
  `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/wireshark/extcap`,
  '/usr/lib/wireshark/extcap', '/usr/lib64/wireshark/extcap', '/usr/libexec/wireshark/extcap', '/usr/local/lib/wireshark/extcap',
]

/** As tshark says, or as is usual where there is none. */
export async function extcapFolders(): Promise<Folders> {
  const named = await tsharkFolders()
  const [usual, older] = personal()
  const configuration = named.get('Personal configuration')
  // Up to Wireshark 4.0 there is one path and no word of the personal folder, which is beside the preferences.
  const user = named.get('Personal Extcap path') ?? (configuration === undefined ? undefined : join(configuration, 'extcap'))
  const system = named.get('Global Extcap path') ?? named.get('Extcap path')
  return {
    user: user ?? (existsSync(older) && !existsSync(usual) ? older : usual),
    system: system ?? SYSTEM.find(path => existsSync(path)) ?? SYSTEM[0],
    told: user !== undefined && system !== undefined,
  }
}

/** These, and all others that some version of Wireshark looks into. */
export function everyFolder({ user, system }: Folders): string[] {
  return [...new Set([user, ...personal(), system, ...SYSTEM])]
}

/** The personal folders: since Wireshark 4.2, and before. */
function personal(): [usual: string, older: string] {
  const config = process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config')
  return [join(homedir(), '.local/lib/wireshark/extcap'), join(config, 'wireshark/extcap')]
}
