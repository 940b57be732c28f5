/** What is known of a container. Its id comes from the cgroups of its processes; the rest from the runtime, or never. */
export interface ContainerInfo {
  /** The first twelve digits of `fullId`. */
  readonly id: string
  fullId: string
  /** Name of the runtime: "docker", "podman", "containerd", "cri-o", "lxc" … */
  type: string
  /** Does the runtime's own description stand here: not yet (`pending`), yes (`known`), or could it not be had (`failed`)? */
  lookup: 'pending' | 'known' | 'failed'
  /** Why it could not be had, of a container that is there now. */
  reason?: string
  name?: string
  image?: string
  imageId?: string
  imageRepository?: string
  imageTag?: string
  imageDigest?: string
  privileged?: boolean
  mounts?: readonly ContainerMount[]
  /** IPv4 or IPv6 address as text. */
  ip?: string
  healthcheck?: string
  livenessProbe?: string
  readinessProbe?: string
}

export interface ContainerMount {
  source: string
  dest: string
  mode: string
  rdwr: boolean
  propagation: string
}
