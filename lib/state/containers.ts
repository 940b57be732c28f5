import { type ContainerCgroup, containerOf, isNamedByCgroup } from './cgrouplayout.js'
import type { ContainerInfo } from './container.js'
import { mountsOf } from './runtimes/description.js'

/**
 * The containers that processes were seen in, by id. The id and the runtime come from the cgroups of a process and are there
 * at once; name and image come from the runtime, if at all: `lookup` says which it is.
 */
export class ContainerTable extends Map<string, ContainerInfo> {
  /** Called for each new container, to ask its runtime. */
  onNew: ((container: ContainerInfo) => void) | undefined
  readonly #live: boolean

  constructor(live: boolean) {
    super()
    this.#live = live
  }

  /** The id of the container that a list of cgroups stands for; '' for the host. */
  find(cgroups: readonly string[]): string {
    const found = containerOf(cgroups)
    if (found === undefined) return ''
    if (!this.has(found.id)) this.#add(found)
    return found.id
  }

  /** One that finds no place has its id, and nothing more. */
  #add({ id, fullId, type }: ContainerCgroup): void {
    if (this.size >= MAX_CONTAINERS) return
    const named = isNamedByCgroup(type)
    const lookup = named ? 'known' : this.#live ? 'pending' : 'failed'
    const container: ContainerInfo = { id, fullId, type, lookup, ...(named && { name: id }) }
    this.set(id, container)
    this.onNew?.(container)
  }

  /** Takes in what a container event says, in the JSON of libsinsp. What does not hold together is left out. */
  addJson(text: string): ContainerInfo | undefined {
    let described: unknown
    try {
      described = (JSON.parse(text) as { container?: unknown }).container
    } catch {
      return undefined
    }
    if (typeof described !== 'object' || described === null) return undefined
    const container = fromJson(described as Record<string, unknown>)
    if (container === undefined || (!this.has(container.id) && this.size >= MAX_CONTAINERS)) return undefined
    this.set(container.id, container)
    return container
  }
}

const MAX_CONTAINERS = 16_384

/** By number, as container events have them: sinsp_container_type. */
export const CONTAINER_TYPES: readonly string[] = [
  'docker', 'lxc', 'libvirt-lxc', 'mesos', 'rkt', 'custom', 'cri', 'containerd', 'cri-o', 'bpm', 'static', 'podman',
]
const LOOKUP_SUCCESSFUL = 1

function fromJson(json: Record<string, unknown>): ContainerInfo | undefined {
  const text = (name: string) => typeof json[name] === 'string' ? json[name] : undefined
  const id = text('id')
  if (id === undefined || id === '') return undefined
  const container: ContainerInfo = {
    id,
    fullId: text('full_id') ?? id,
    type: typeof json.type === 'number' ? CONTAINER_TYPES[json.type] ?? 'unknown' : 'unknown',
    lookup: (json.lookup_state ?? LOOKUP_SUCCESSFUL) === LOOKUP_SUCCESSFUL ? 'known' : 'failed',
  }
  const texts = {
    name: 'name', image: 'image', imageId: 'imageid', imageRepository: 'imagerepo', imageTag: 'imagetag', imageDigest: 'imagedigest',
    ip: 'ip',
  } as const
  for (const [to, from] of Object.entries(texts) as [keyof typeof texts, string][]) {
    const value = text(from)
    if (value !== undefined) container[to] = value
  }
  if (typeof json.privileged === 'boolean') container.privileged = json.privileged
  if (Array.isArray(json.Mounts)) container.mounts = mountsOf(json.Mounts)
  const probes = { healthcheck: 'Healthcheck', livenessProbe: 'LivenessProbe', readinessProbe: 'ReadinessProbe' } as const
  for (const [to, from] of Object.entries(probes) as [keyof typeof probes, string][]) {
    const value = probe(json[from])
    if (value !== undefined) container[to] = value
  }
  return container
}

/** A probe's command line. */
function probe(entry: unknown): string | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined
  const { exe, args } = entry as Record<string, unknown>
  if (typeof exe !== 'string') return undefined
  return [exe, ...(Array.isArray(args) ? args.filter(arg => typeof arg === 'string') : [])].join(' ')
}
