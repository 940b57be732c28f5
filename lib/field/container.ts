import type { ContainerInfo } from '../state/container.js'
import { containerOf, MOUNT_FIELDS } from './container.mount.js'
import { ofThread } from './define.js'
import type { Field, Value } from './field.js'

const NEEDS = ['thread', 'container'] as const

/** A field of the container: `host` on the host; nothing where it is '' or not known. */
function ofContainer(
  name: string, doc: string, get: (container: ContainerInfo) => string | undefined, host?: string, since?: string,
): Field {
  return ofThread(name, 'CHARBUF', doc, (thread, ev) => {
    if (thread.containerId === '') return host
    const container = ev._state!.containers.get(thread.containerId)
    return (container && get(container)) || undefined
  }, { needs: NEEDS, ...(since === undefined ? {} : { since }) })
}

/** Of these runtimes it is certain whether a container is privileged. */
const TOLD: ReadonlySet<string> = new Set(['docker', 'cri', 'containerd', 'cri-o', 'podman'])

function privileged(container: ContainerInfo | undefined): Value | undefined {
  return container !== undefined && TOLD.has(container.type) ? container.privileged ?? false : undefined
}

/** A probe's command line; "NONE" where the container is known to have none. */
const probe = (line: string | undefined): string => line ?? 'NONE'

export const CONTAINER_FIELDS: readonly Field[] = [
  ofThread('container.id', 'CHARBUF', 'The container\'s id, its first twelve digits; "host" outside of containers.',
    ({ containerId }) => (containerId === '' ? 'host' : containerId), { needs: NEEDS }),
  ofContainer('container.full_id', 'The whole id of the container.', (container) => container.fullId, 'host', '0.14'),
  ofContainer('container.name', 'The container\'s name; "host" outside of containers.', (container) => container.name, 'host'),
  ofContainer('container.type', 'The runtime that it runs in: "docker", "podman", "containerd"; "host" outside of containers.',
    (container) => container.type, 'host'),
  ofContainer('container.image', 'The image that it was made from, with its tag.', (container) => container.image),
  ofContainer('container.image.id', 'Id of the image.', (container) => container.imageId),
  ofContainer('container.image.repository', 'The image\'s name without its tag.', (container) => container.imageRepository),
  ofContainer('container.image.tag', 'The image\'s tag.', (container) => container.imageTag),
  ofContainer('container.image.digest', 'Checksum by which a registry knows the image.', (container) => container.imageDigest),
  ofThread('container.privileged', 'BOOL', 'Does it run with all privileges of the host?', (_, ev) => privileged(containerOf(ev)), {
    needs: NEEDS,
  }),
  ...MOUNT_FIELDS,
  ofContainer('container.healthcheck', 'Command line of its health check, "NONE" if it has none.',
    (container) => probe(container.healthcheck)),
  ofContainer('container.liveness_probe', 'Command line of its liveness probe, "NONE" if it has none.',
    (container) => probe(container.livenessProbe)),
  ofContainer('container.readiness_probe', 'Command line of its readiness probe, "NONE" if it has none.',
    (container) => probe(container.readinessProbe)),
  ofContainer('container.ip', 'The container\'s own IP address.', (container) => container.ip, undefined, '0.11'),
  ofThread('container.start_ts', 'UINT64', 'When the container started, in nanoseconds since 1970: the start of its pid namespace.',
    ({ containerId, pidnsStart }) => (containerId === '' || pidnsStart === 0n ? undefined : pidnsStart), { needs: NEEDS, since: '0.10' }),
  ofThread('container.duration', 'RELTIME', 'Nanoseconds since the container started.',
    ({ containerId, pidnsStart }, ev) => (containerId === '' || pidnsStart === 0n ? undefined : ev.ts - pidnsStart), {
      needs: NEEDS, since: '0.10',
    }),
]
