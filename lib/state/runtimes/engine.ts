import { isIP } from 'node:net'
import { list, record, text, texts, type Untrusted } from '../untrusted.js'
import { type Description, healthcheckOf, hexOf, imageParts, isIdOf, mountsOf } from './description.js'
import { type Host, ifReadable } from './host.js'

/**
 * Asks a server with Docker's HTTP API, which podman's has too: /containers/ID/json, and /images/ID/json for what the container's
 * image is called. Without a version in the path: each server answers in the newest that it has, and none refuses.
 */
export async function askEngine(host: Host, socket: string, fullId: string): Promise<Description | undefined> {
  const answer = await host.get(socket, `/containers/${fullId}/json`)
  if (answer === undefined) return undefined
  const container = record(answer)
  if (text(container.Id) !== fullId) throw new Error(`${socket} answers with another container`)
  const config = record(container.Config)
  const { Privileged, NetworkMode } = record(container.HostConfig)
  const name = text(container.Name)?.replace(/^\//, '')
  const healthcheck = healthcheckOf(config.Healthcheck)
  const ip = addressIn(container.NetworkSettings) ?? await sharedAddress(host, socket, text(NetworkMode))
  return {
    ...(name !== undefined && { name }),
    ...await imageOf(host, socket, text(container.Image), text(config.Image)),
    ...(typeof Privileged === 'boolean' && { privileged: Privileged }),
    mounts: mountsOf(container.Mounts),
    ...(healthcheck !== undefined && { healthcheck }),
    ...(ip !== undefined && { ip }),
  }
}

/** An image by what the container was started with, which may be only the beginning of its id, and by the id. */
async function imageOf(host: Host, socket: string, reference: string | undefined, name: string | undefined): Promise<Description> {
  // Old versions of podman have a name where the id should be.
  const imageId = reference?.includes('/') ? undefined : hexOf(reference)
  const isId = name === undefined || isIdOf(name, imageId)
  const named = isId ? { ...(name !== undefined && { image: name }) } : imageParts(name)
  const known: Description = { ...named, ...(imageId !== undefined && { imageId }) }
  const asked = imageId ?? reference
  if (asked === undefined || !/^[\w.:/@-]+$/.test(asked)) return known
  const image = record(await ifReadable(host.get(socket, `/images/${asked}/json`)))
  return { ...known, ...tagOf(image, isId), ...digestOf(image, known.imageRepository) }
}

/** Of a container that was started by the image's id, the first name of the image. */
function tagOf(image: Untrusted, isId: boolean): Description {
  const tag = isId ? texts(image.RepoTags)[0] : undefined
  if (tag === undefined) return {}
  const { imageRepository, imageTag } = imageParts(tag)
  return { imageRepository, imageTag }
}

/** The checksum under the name in use; if that has none, the only one that there is. */
function digestOf(image: Untrusted, repository: string | undefined): Description {
  const digests = texts(image.RepoDigests).map(digest => digest.split('@', 2)).filter(parts => parts.length === 2)
  const own = digests.find(([name]) => repository !== undefined && isName(name, repository))
  const imageDigest = (own ?? (new Set(digests.map(([, digest]) => digest)).size === 1 ? digests[0] : undefined))?.[1]
  return imageDigest === undefined ? {} : { imageDigest }
}

/** "redis" is "docker.io/library/redis". */
function isName(full: string, name: string): boolean {
  return full === name || full.endsWith(`/${name}`)
}

function addressIn(settings: unknown): string | undefined {
  const { IPAddress, GlobalIPv6Address, Networks } = record(settings)
  const networks = list(Object.values(record(Networks))).map(record)
  const v4 = [IPAddress, ...networks.map(network => network.IPAddress)]
  const v6 = [GlobalIPv6Address, ...networks.map(network => network.GlobalIPv6Address)]
  return [...v4, ...v6].flatMap(address => text(address) ?? []).find(address => isIP(address) !== 0)
}

/** Of one that has the network of another: the other's. */
async function sharedAddress(host: Host, socket: string, mode: string | undefined): Promise<string | undefined> {
  const other = /^container:([\w.-]+)$/.exec(mode ?? '')?.[1]
  if (other === undefined) return undefined
  return addressIn(record(await ifReadable(host.get(socket, `/containers/${other}/json`))).NetworkSettings)
}
