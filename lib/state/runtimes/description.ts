import type { ContainerInfo, ContainerMount } from '../container.js'
import { list, record, text } from '../untrusted.js'

/** What a runtime says of a container. */
export type Description = Partial<Omit<ContainerInfo, 'id' | 'lookup' | 'reason'>>

/** Mounts as Docker describes them. */
export function mountsOf(entries: unknown): ContainerMount[] {
  return list(entries).filter(entry => record(entry) === entry).map(entry => {
    const { Source, Destination, Mode, RW, Propagation } = record(entry)
    const [source = '', dest = '', mode = '', propagation = ''] = [Source, Destination, Mode, Propagation].map(text)
    return { source, dest, mode, rdwr: RW === true, propagation }
  })
}

/** The command of a health check: `["CMD", "curl", …]`, `["CMD-SHELL", "curl …"]`; undefined for none. */
export function healthcheckOf(config: unknown): string | undefined {
  const [kind, ...args] = list(record(config).Test).flatMap(arg => text(arg) ?? [])
  if (args.length === 0) return undefined
  if (kind === 'CMD') return args.map(unquoted).join(' ')
  return kind === 'CMD-SHELL' ? `/bin/sh -c ${args[0]}` : undefined
}

/** Without the quotes around it. */
function unquoted(arg: string): string {
  return /^(["']+)(.*)\1$/s.exec(arg)?.[2] ?? arg
}

/** Without the name of the checksum in front. */
export function hexOf(id: string | undefined): string | undefined {
  return id?.slice(id.indexOf(':') + 1)
}

/** Is that name of an image its id, or the beginning of it? */
export function isIdOf(name: string, imageId: string | undefined): boolean {
  return imageId !== undefined && (imageId.startsWith(name) || (name.includes(':') && `sha256:${imageId}`.startsWith(name)))
}

/** "registry:5000/name:tag@sha256:…" in its parts. Without a tag it is "latest". */
export function imageParts(image: string): Description {
  const [, imageRepository, imageTag = 'latest', imageDigest] = /^(.*?)(?::([^:/@]+))?(?:@(.+))?$/s.exec(image)!
  return { image, imageRepository, imageTag, ...(imageDigest !== undefined && { imageDigest }) }
}
