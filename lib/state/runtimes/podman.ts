import { record, text, texts, type Untrusted } from '../untrusted.js'
import { type Description, imageParts } from './description.js'
import { type Host, ifReadable } from './host.js'
import { describeSpec } from './oci.js'

const STORAGE = '/var/lib/containers/storage'
/** By the file system that images are kept in; overlay nearly everywhere. */
const DRIVERS = ['overlay', 'vfs', 'btrfs', 'zfs', 'overlay2']

/** What root's podman writes down for a container, where no server runs, which it does not need. */
export async function readPodman(host: Host, fullId: string): Promise<Description | undefined> {
  for (const driver of DRIVERS) {
    const folder = `${STORAGE}/${driver}-containers`
    const entry = byId(await host.json(`${folder}/containers.json`), fullId)
    if (entry === undefined) continue
    const spec = await ifReadable(host.json(`${folder}/${fullId}/userdata/config.json`))
    // podman writes its own part as a text of JSON into that of the storage.
    const { 'image-name': imageName } = record(parsed(text(entry.metadata)))
    const image = text(imageName)
    const name = texts(entry.names)[0]
    const imageId = text(entry.image)
    const images = await ifReadable(host.json(`${STORAGE}/${driver}-images/images.json`))
    const imageDigest = imageId === undefined ? undefined : text(byId(images, imageId)?.digest)
    return {
      ...(spec !== undefined && describeSpec(record(spec))),
      ...(name !== undefined && { name }),
      ...(image !== undefined && imageParts(image)),
      ...(imageId !== undefined && { imageId }),
      ...(imageDigest !== undefined && { imageDigest }),
    }
  }
  return undefined
}

function byId(entries: unknown, id: string): Untrusted | undefined {
  return Array.isArray(entries) ? entries.map(record).find(entry => entry.id === id) : undefined
}

function parsed(json: string | undefined): unknown {
  try {
    return JSON.parse(json ?? '{}')
  } catch {
    return undefined
  }
}
