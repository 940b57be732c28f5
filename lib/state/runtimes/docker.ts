import { isIP } from 'node:net'
import { list, record, text } from '../untrusted.js'
import { type Description, healthcheckOf, hexOf, imageParts, isIdOf, mountsOf } from './description.js'
import { type Host, ifReadable } from './host.js'

const FOLDER = '/var/lib/docker/containers'

/** What Docker writes down for a container, where its server cannot be asked. */
export async function readDocker(host: Host, fullId: string): Promise<Description | undefined> {
  const file = await host.json(`${FOLDER}/${fullId}/config.v2.json`)
  if (file === undefined) return undefined
  const container = record(file)
  const config = record(container.Config)
  const { Privileged } = record(await ifReadable(host.json(`${FOLDER}/${fullId}/hostconfig.json`)))
  const name = text(container.Name)?.replace(/^\//, '')
  const imageId = hexOf(text(container.Image))
  const image = text(config.Image)
  const healthcheck = healthcheckOf(config.Healthcheck)
  const networks = list(Object.values(record(record(container.NetworkSettings).Networks)))
  const ip = networks.flatMap(network => text(record(network).IPAddress) ?? []).find(address => isIP(address) !== 0)
  return {
    ...(name !== undefined && { name }),
    ...(image !== undefined && (isIdOf(image, imageId) ? { image } : imageParts(image))),
    ...(imageId !== undefined && { imageId }),
    ...(typeof Privileged === 'boolean' && { privileged: Privileged }),
    // In the file a mount's mode goes by another name.
    mounts: mountsOf(Object.values(record(container.MountPoints)).map(record).map(mount => ({ ...mount, Mode: mount.Relabel }))),
    ...(healthcheck !== undefined && { healthcheck }),
    ...(ip !== undefined && { ip }),
  }
}
