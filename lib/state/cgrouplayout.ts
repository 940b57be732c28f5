/** The container that a cgroup is that of. */
export interface ContainerCgroup {
  /** The first twelve digits of `fullId`, or its name where the runtime has no other ids. */
  readonly id: string
  readonly fullId: string
  /** The runtime, in so far as the layout tells: see LAYOUTS. */
  readonly type: string
}

/** Ids of 64 digits are shown with twelve of them. */
const SHORT = 12
const ID = '([0-9a-fA-F]{64})'
/** The scope is the last part, or processes are in a cgroup below: "/container", "/init.scope". */
const END = '(?=/|$)'

/**
 * How runtimes name the cgroup of a container, in the order in which libsinsp asks for them. Of containers within one another the
 * innermost counts, as long as they are of the same runtime.
 *
 * A path that ends in 64 digits and nothing else is Docker's, but also that of containerd and cri-o without systemd: only they know.
 * It counts as Docker's until one of them says otherwise.
 */
const LAYOUTS: readonly (readonly [type: string, ...paths: readonly RegExp[]])[] = [
  ['podman', new RegExp(`^.*/libpod-${ID}(?:\\.scope)?${END}`), new RegExp(`/podman-\\d+\\.scope/${ID}$`)],
  ['docker', new RegExp(`/${ID}$`), new RegExp(`^.*/docker-${ID}\\.scope${END}`), new RegExp(`^.*/docker/${ID}/`)],
  ['cri-o', new RegExp(`^.*/crio-${ID}(?:\\.scope)?${END}`)],
  ['containerd', new RegExp(`^.*[/:](?:cri-containerd|containerd|nerdctl)[-:]${ID}(?:\\.scope)?${END}`)],
  ['docker', new RegExp(`/kubepods[^/]*/(?:.*/)?pod[^/]*/${ID}/`)],
  ['lxc', /\/lxc\/([^/]+)/, /\/lxc\.payload\/([^/]+)/, /\/lxc\.payload\.([^/]+)/],
  ['libvirt-lxc', /\/([^/]+)\.libvirt-lxc$/, /-lxc\\x2.(.+)\.scope$/],
  ['bpm', /\/(?:runc-)?bpm-([A-Za-z0-9._-]+?)(?:\.scope.*)?$/],
]

/** Of these the id is the name, and there is nobody to ask for more. */
const NAMED: ReadonlySet<string> = new Set(['lxc', 'libvirt-lxc', 'bpm'])

/** Is a container of this type known by its cgroup alone? */
export function isNamedByCgroup(type: string): boolean {
  return NAMED.has(type)
}

/** Stands in every path of a container, and in few others: most processes are in none. */
const MAYBE = /[0-9a-fA-F]{64}|lxc|bpm-/

/** Finds the container in a process's cgroups, "memory=/system.slice/…"; undefined on the host. */
export function containerOf(cgroups: readonly string[]): ContainerCgroup | undefined {
  const paths = new Set(cgroups.filter(cgroup => MAYBE.test(cgroup)).map(cgroup => cgroup.slice(cgroup.indexOf('=') + 1)))
  if (paths.size === 0) return undefined
  for (const [type, ...layouts] of LAYOUTS) {
    for (const path of paths) {
      for (const layout of layouts) {
        const fullId = layout.exec(path)?.[1]
        if (fullId !== undefined) return { id: isNamedByCgroup(type) ? fullId : fullId.slice(0, SHORT), fullId, type }
      }
    }
  }
  return undefined
}
