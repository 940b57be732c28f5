import { resolve } from 'node:path'
import type { Folders } from '../export/wireshark/folders.js'
import { UsageError } from './report.js'

/** Where something of ours is put for Wireshark. */
export const PLACE_OPTIONS = {
  user: { help: 'for yourself (default of install)' },
  system: { help: 'for all users of this machine' },
  dir: { value: 'DIR', help: 'in this folder; which ones Wireshark looks into: Help, About Wireshark, Folders; or tshark -G folders' },
  json: { help: 'say it as one JSON object' },
} as const

export interface PlaceValues {
  operands?: string[]
  user?: true
  system?: true
  dir?: string
  json?: true
}

/** Is one named? More than one is refused. */
export function namesPlace(values: PlaceValues): boolean {
  const places = (['user', 'system', 'dir'] as const).filter(name => values[name] !== undefined)
  if (places.length > 1) throw new UsageError(`${places.map(name => `--${name}`).join(' and ')} exclude each other`, 'name one place')
  return places.length > 0
}

/** The folder that is named; undefined where none is. */
export function placeOf({ dir, user, system }: PlaceValues, folders: Folders): string | undefined {
  if (dir !== undefined) return resolve(dir)
  return user === true ? folders.user : system === true ? folders.system : undefined
}
