import { record, text } from '../untrusted.js'
import { type Description, hexOf, imageParts } from './description.js'
import type { Host } from './host.js'
import { describeSpec } from './oci.js'

/** Where containerd keeps what it runs: NAMESPACE/ID/config.json. k3s brings a containerd of its own. */
const CONTAINERD = ['/run/containerd/io.containerd.runtime.v2.task', '/run/k3s/containerd/io.containerd.runtime.v2.task']
/** Docker's containers run in containerd too, which does not know their names. */
const OF_DOCKER = 'moby'
const CRIO = ['/run/containers/storage/overlay-containers', '/var/lib/containers/storage/overlay-containers']

/** What containerd writes for a container; of one that Kubernetes runs, with its name and image. */
export async function readContainerd(host: Host, fullId: string): Promise<Description | undefined> {
  for (const folder of CONTAINERD) {
    for (const namespace of await host.names(folder)) {
      if (namespace === OF_DOCKER) continue
      const spec = await host.json(`${folder}/${namespace}/${fullId}/config.json`)
      if (spec === undefined) continue
      const annotations = record(record(spec).annotations)
      const name = text(annotations['io.kubernetes.cri.container-name'])
      const image = text(annotations['io.kubernetes.cri.image-name'])
      return {
        type: 'containerd',
        ...describeSpec(record(spec)),
        ...(name !== undefined && { name }),
        ...(image !== undefined && imageParts(image)),
      }
    }
  }
  return undefined
}

/** What cri-o writes for a container. podman writes files of that kind, but without cri-o's annotations. */
export async function readCrio(host: Host, fullId: string): Promise<Description | undefined> {
  for (const folder of CRIO) {
    const spec = record(await host.json(`${folder}/${fullId}/userdata/config.json`))
    const annotations = record(spec.annotations)
    if (annotations['io.container.manager'] !== 'cri-o') continue
    const name = text(annotations['io.kubernetes.container.name'])
    const image = text(annotations['io.kubernetes.cri-o.ImageName'])
    // By version an id, "sha256:…", or a name with a checksum.
    const reference = text(annotations['io.kubernetes.cri-o.ImageRef'])
    const digest = reference?.split('@', 2)[1]
    const id = digest === undefined ? hexOf(reference) : undefined
    const ip = text(annotations['io.kubernetes.cri-o.IP.0'])
    return {
      type: 'cri-o',
      ...describeSpec(spec),
      ...(name !== undefined && { name }),
      ...(image !== undefined && imageParts(image)),
      ...(digest !== undefined && { imageDigest: digest }),
      ...(id !== undefined && { imageId: id }),
      ...(ip !== undefined && { ip }),
    }
  }
  return undefined
}
