import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import type { ContainerInfo } from '../../../lib/state/container.js'
import { ContainerTable } from '../../../lib/state/containers.js'
import { Runtimes, type RuntimeOptions } from '../../../lib/state/runtime.js'
import { run } from '../../helpers/run.js'
import { suite } from '../../helpers/suite.js'

const test = suite('runtime')

const ID = '0123456789abcdef'.repeat(4)
const OTHER = 'fedcba9876543210'.repeat(4)
const IMAGE = 'b6a9fc3535388a6f'.repeat(4)
const DIGEST = `sha256:${'c04f5d4cb7efb488'.repeat(4)}`

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** The root directory of a machine that has nothing but what a test puts into it. */
class Root {
  // The path of a socket has a hundred characters at most.
  readonly path = mkdtempSync(join(tmpdir(), 'sr-'))
  readonly #servers: Server[] = []

  write(path: string, content: unknown): void {
    mkdirSync(dirname(this.path + path), { recursive: true })
    writeFileSync(this.path + path, typeof content === 'string' ? content : JSON.stringify(content))
  }

  /** A server on a local socket. It says 404 to what has no answer here. */
  async serve(socket: string, answers: Record<string, unknown>): Promise<string[]> {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(request.url!)
      const answer = answers[request.url!]
      if (typeof answer === 'function') return (answer as Answer)(request, response)
      response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(answer ?? { message: 'No such container' }))
    })
    mkdirSync(dirname(this.path + socket), { recursive: true })
    await new Promise<void>(done => { server.listen(this.path + socket, done) })
    this.#servers.push(server)
    return asked
  }

  async remove(): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
    }
    rmSync(this.path, { recursive: true })
  }
}

async function withRoot(body: (root: Root) => Promise<void>): Promise<void> {
  const root = new Root()
  try {
    await body(root)
  } finally {
    await root.remove()
  }
}

const pending = (type: string, fullId = ID): ContainerInfo => ({ id: fullId.slice(0, 12), fullId, type, lookup: 'pending' })

/** What becomes of a container that these runtimes are asked about. */
async function asked(root: Root, container: ContainerInfo, options: RuntimeOptions = {}): Promise<ContainerInfo> {
  const runtimes = new Runtimes({ root: root.path, retryMs: 10, ...options })
  runtimes.ask(container)
  while (container.lookup === 'pending') await sleep(5)
  runtimes.close()
  return container
}

/** As the reference of Docker's API has it, in so far as somebody reads it. */
const CONTAINER = {
  Id: ID,
  Name: '/web',
  Image: `sha256:${IMAGE}`,
  Config: { Image: 'redis:7', Healthcheck: { Test: ['CMD', 'redis-cli', '"ping"'], Interval: 30_000_000_000 } },
  HostConfig: { Privileged: true, NetworkMode: 'bridge' },
  Mounts: [{ Type: 'bind', Source: '/srv', Destination: '/data', Mode: 'ro', RW: false, Propagation: 'rprivate' }],
  NetworkSettings: { IPAddress: '', Networks: { bridge: { IPAddress: '172.17.0.2', GlobalIPv6Address: 'fd00::2' } } },
}
const DESCRIBED_IMAGE = {
  Id: `sha256:${IMAGE}`,
  RepoTags: ['redis:7', 'redis:latest'],
  RepoDigests: [`other@${OTHER}`, `docker.io/library/redis@${DIGEST}`],
}
const KNOWN: ContainerInfo = {
  id: ID.slice(0, 12), fullId: ID, type: 'docker', lookup: 'known',
  name: 'web', image: 'redis:7', imageId: IMAGE, imageRepository: 'redis', imageTag: '7', imageDigest: DIGEST,
  privileged: true, mounts: [{ source: '/srv', dest: '/data', mode: 'ro', rdwr: false, propagation: 'rprivate' }],
  ip: '172.17.0.2', healthcheck: 'redis-cli ping',
}
const DOCKER = '/var/run/docker.sock'
const CONTAINER_URL = `/containers/${ID}/json`
const IMAGE_URL = `/images/${IMAGE}/json`

test('Docker\'s server', () => withRoot(async root => {
  const urls = await root.serve(DOCKER, { [CONTAINER_URL]: CONTAINER, [IMAGE_URL]: DESCRIBED_IMAGE })
  assert.equal(await asked(root, pending('docker')), KNOWN)
  assert.equal(urls, [CONTAINER_URL, IMAGE_URL])
}))

test('Docker\'s server: an image by its id has the names that it is known by; another\'s network', () => withRoot(async root => {
  const Config = { Image: IMAGE.slice(0, 6), Healthcheck: { Test: ['NONE'] } }
  await root.serve(DOCKER, {
    [CONTAINER_URL]: { ...CONTAINER, Config, HostConfig: { NetworkMode: `container:${OTHER}`, Privileged: false }, NetworkSettings: {} },
    [`/containers/${OTHER}/json`]: { ...CONTAINER, Id: OTHER },
    [IMAGE_URL]: { ...DESCRIBED_IMAGE, RepoTags: ['registry:5000/a/b:two'] },
  })
  const { healthcheck: _, imageDigest: __, ...known } = KNOWN
  const image = { image: IMAGE.slice(0, 6), imageRepository: 'registry:5000/a/b', imageTag: 'two', privileged: false }
  assert.equal(await asked(root, pending('docker')), { ...known, ...image })
}))

test('what only completes a description may fail', () => withRoot(async root => {
  const failing: Answer = (_, response) => void response.writeHead(500).end()
  await root.serve(DOCKER, { [CONTAINER_URL]: CONTAINER, [IMAGE_URL]: failing })
  const { imageDigest: _, ...known } = KNOWN
  assert.equal(await asked(root, pending('docker')), known)
  const storage = '/var/lib/containers/storage'
  root.write(`${storage}/vfs-containers/containers.json`, [{ id: ID, names: ['web'], metadata: '{"image-name":"a/b"}' }])
  for (const path of [`vfs-containers/${ID}/userdata/config.json`, 'vfs-images/images.json']) root.write(`${storage}/${path}`, '{')
  const image = { image: 'a/b', imageRepository: 'a/b', imageTag: 'latest' }
  assert.equal(await asked(root, pending('podman')), { ...pending('podman'), lookup: 'known', name: 'web', ...image })
}))

test('Docker\'s files, where its server does not know the container', () => withRoot(async root => {
  await root.serve(DOCKER, {})
  const folder = `/var/lib/docker/containers/${ID}`
  root.write(`${folder}/config.v2.json`, {
    ID, Name: '/web', Image: `sha256:${IMAGE}`, Config: CONTAINER.Config, NetworkSettings: CONTAINER.NetworkSettings,
    MountPoints: { '/data': { Source: '/srv', Destination: '/data', Relabel: 'ro', RW: false, Propagation: 'rprivate' } },
  })
  root.write(`${folder}/hostconfig.json`, { Privileged: true })
  const { imageDigest: _, ...known } = KNOWN
  assert.equal(await asked(root, pending('docker')), known)
}))

const POD_MOUNTS = [
  { destination: '/proc', type: 'proc', source: 'proc' },
  { destination: '/etc/hosts', type: 'bind', source: '/var/lib/kubelet/pods/1/etc-hosts', options: ['rbind', 'rprivate', 'rw'] },
  { destination: '/etc/hostname', type: 'bind', source: '/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/1/hostname' },
]

test('containerd\'s files, also of a container whose cgroup could be Docker\'s', () => withRoot(async root => {
  const tasks = '/run/containerd/io.containerd.runtime.v2.task'
  root.write(`${tasks}/moby/${ID}/config.json`, {})
  root.write(`${tasks}/k8s.io/${ID}/config.json`, {
    annotations: { 'io.kubernetes.cri.container-name': 'app', 'io.kubernetes.cri.image-name': `ghcr.io/a/app:v1@${DIGEST}` },
    mounts: POD_MOUNTS,
    linux: { maskedPaths: ['/proc/kcore'] },
  })
  for (const type of ['containerd', 'docker']) {
    assert.equal(await asked(root, pending(type)), {
      id: ID.slice(0, 12), fullId: ID, type: 'containerd', lookup: 'known', name: 'app', image: `ghcr.io/a/app:v1@${DIGEST}`,
      imageRepository: 'ghcr.io/a/app', imageTag: 'v1', imageDigest: DIGEST, privileged: false,
      mounts: [{ source: '/var/lib/kubelet/pods/1/etc-hosts', dest: '/etc/hosts', mode: '', rdwr: true, propagation: 'rprivate' }],
    })
  }
}))

test('cri-o\'s files', () => withRoot(async root => {
  const bounding = ['CAP_CHOWN', 'CAP_SYS_ADMIN', 'CAP_SYS_MODULE', 'CAP_SYS_RAWIO']
  const spec = {
    annotations: {
      'io.container.manager': 'cri-o', 'io.kubernetes.container.name': 'redis', 'io.kubernetes.cri-o.ImageName': 'quay.io/crio/redis',
      'io.kubernetes.cri-o.ImageRef': IMAGE, 'io.kubernetes.cri-o.IP.0': '10.88.0.3',
    },
    process: { capabilities: { bounding } }, linux: {},
  }
  root.write(`/run/containers/storage/overlay-containers/${ID}/userdata/config.json`, spec)
  assert.equal(await asked(root, pending('cri-o')), {
    id: ID.slice(0, 12), fullId: ID, type: 'cri-o', lookup: 'known', name: 'redis',
    image: 'quay.io/crio/redis', imageRepository: 'quay.io/crio/redis', imageTag: 'latest', imageId: IMAGE,
    privileged: true, mounts: [], ip: '10.88.0.3',
  })
}))

test('podman: the server of a user', () => withRoot(async root => {
  await root.serve('/run/user/1000/podman/podman.sock', { [CONTAINER_URL]: CONTAINER, [IMAGE_URL]: DESCRIBED_IMAGE })
  assert.equal(await asked(root, pending('podman')), { ...KNOWN, type: 'podman' })
}))

test('nobody knows it: asked twice, then failed with the reason', () => withRoot(async root => {
  const nobody = await asked(root, pending('docker'))
  assert.equal([nobody.lookup, nobody.reason], ['failed', 'no runtime of this machine knows a docker container with this id'])
  const urls = await root.serve(DOCKER, {})
  assert.is((await asked(root, pending('docker'))).lookup, 'failed')
  assert.equal(urls, [CONTAINER_URL, CONTAINER_URL])
  assert.is((await asked(root, pending('nobody\'s'))).lookup, 'failed')
}))

test('files that come later than the container\'s first process', () => withRoot(async root => {
  const container = pending('podman')
  const known = asked(root, container, { retryMs: 150 })
  await sleep(50)
  assert.is(container.lookup, 'pending')
  const entry = { id: ID, names: ['late'], image: IMAGE, metadata: '{' }
  root.write('/var/lib/containers/storage/overlay-containers/containers.json', [{ id: OTHER }, entry])
  assert.equal(await known, { ...pending('podman'), lookup: 'known', name: 'late', imageId: IMAGE })
}))

const hang: Answer = () => {}
const WRONG: Readonly<Record<string, readonly [answer: Answer, reason: RegExp]>> = {
  'is no JSON': [(_, response) => void response.end('{"Id":'), /not JSON/],
  'is about another container': [(_, response) => void response.end(JSON.stringify({ ...CONTAINER, Id: OTHER })), /another container/],
  'is an error': [(_, response) => void response.writeHead(500).end('{}'), /answers 500/],
  'is a redirection': [(_, response) => void response.writeHead(301, { location: 'http://example.com/' }).end(), /answers 301/],
  'has no end': [(_, response) => {
    response.on('error', () => {})
    const more = () => { while (!response.destroyed && response.write(Buffer.alloc(65536, ' '))); }
    response.on('drain', more)
    more()
  }, /more than 1048576 bytes/],
  'never comes': [hang, /within 100 ms/],
  'stops in the middle': [(_, response) => void response.write('{"Id":'), /within 100 ms/],
  'breaks off': [(_, response) => { response.write('{"Id":', () => response.destroy()) }, /aborted|hang up|reset/],
  'is nothing': [(request) => void request.socket.destroy(), /hang up|reset/],
}

for (const [what, [answer, reason]] of Object.entries(WRONG)) {
  test(`an answer that ${what}`, () => withRoot(async root => {
    await root.serve(DOCKER, { [CONTAINER_URL]: answer })
    const container = await asked(root, pending('docker'), { timeoutMs: what.includes('never') || what.includes('middle') ? 100 : 2000 })
    assert.is(container.lookup, 'failed')
    assert.match(container.reason!, reason)
  }))
}

test('answers in which nothing is what it should be', () => withRoot(async root => {
  const deep = '['.repeat(10_000) + ']'.repeat(10_000)
  const values = ['null', '3', '"x"', '[]', '[null]', '{}', '{"Test":3}', '{"a":null}', '{"a":{"IPAddress":"1.2.3"}}', deep]
  const keys = ['Name', 'Image', 'Config', 'HostConfig', 'Mounts', 'NetworkSettings']
  for (const value of values) {
    const json = `{"Id":"${ID}",${keys.map(key => `"${key}":${value}`).join()}}`
    const other = new Root()
    await other.serve(DOCKER, { [CONTAINER_URL]: ((_, response) => void response.end(json)) satisfies Answer })
    const { lookup, mounts, ip, privileged } = await asked(other, pending('docker'))
    await other.remove()
    assert.equal([lookup, ip, privileged], ['known', undefined, undefined], json.slice(0, 100))
    assert.ok(mounts!.every(({ source }) => source === ''))
  }
  for (const content of [null, 3, [], [null], { annotations: 3, mounts: 'x', linux: [], process: { capabilities: { bounding: 3 } } }]) {
    root.write(`/run/containerd/io.containerd.runtime.v2.task/k8s.io/${ID}/config.json`, JSON.stringify(content))
    assert.equal(await asked(root, pending('containerd')), { ...pending('containerd'), lookup: 'known', privileged: false, mounts: [] })
  }
}))

test('texts and lists have an end', () => withRoot(async root => {
  const long = 'x'.repeat(10_000)
  await root.serve(DOCKER, { [CONTAINER_URL]: { ...CONTAINER, Name: long, Config: {}, Mounts: Array(3000).fill({ Source: long }) } })
  const { name, mounts } = await asked(root, pending('docker'))
  assert.equal([name, mounts], [undefined, undefined], 'longer than a mebibyte')
  const many = { ...CONTAINER, Name: long, Config: {}, Mounts: Array(3000).fill({ Source: '/x' }) }
  await root.serve('/run/podman/podman.sock', { [CONTAINER_URL]: many })
  const cut = await asked(root, pending('podman'))
  assert.equal([cut.name?.length, cut.mounts?.length], [4096, 1024])
}))

test('files that cannot be read', () => withRoot(async root => {
  const file = `/run/containerd/io.containerd.runtime.v2.task/k8s.io/${ID}/config.json`
  const reason = async () => (await asked(root, pending('containerd'))).reason!
  root.write(file, '{')
  assert.match(await reason(), /not JSON/)
  root.write(file, ' '.repeat(2 ** 20 + 1))
  assert.match(await reason(), /longer than 1048576 bytes/)
  rmSync(root.path + file)
  execFileSync('mkfifo', [root.path + file])
  assert.match(await reason(), /is no file/)
  rmSync(root.path + file)
  mkdirSync(root.path + file)
  assert.match(await reason(), /is no file/)
}))

test('each container once, four at a time, those of the table first', () => withRoot(async root => {
  const waiting: (() => void)[] = []
  const answer: Answer = (_, response) => { waiting.push(() => void response.writeHead(404).end()) }
  const ids = Array.from({ length: 10 }, (_, i) => `${i}`.repeat(64))
  const urls = await root.serve(DOCKER, Object.fromEntries(ids.map(id => [`/containers/${id}/json`, answer])))
  const table = new ContainerTable(true)
  table.find([`memory=/docker/${ids[0]}`])
  const runtimes = new Runtimes({ root: root.path, retryMs: 1 })
  runtimes.watch(table)
  for (const id of ids) for (let i = 0; i < 3; i++) table.find([`memory=/docker/${id}`])
  let most = 0
  while ([...table.values()].some(({ lookup }) => lookup === 'pending')) {
    await sleep(20)
    most = Math.max(most, waiting.length)
    waiting.splice(0).forEach(go => go())
  }
  assert.is(most, 4)
  assert.is(urls[0], `/containers/${ids[0]}/json`)
  for (const id of ids) assert.is(urls.filter(url => url.includes(id)).length, 2)
  runtimes.close()
}))

test('closed: what is under way ends, and what is not known is failed', () => withRoot(async root => {
  const urls = await root.serve(DOCKER, { [CONTAINER_URL]: hang })
  const runtimes = new Runtimes({ root: root.path })
  const containers = [pending('docker'), pending('podman')]
  for (const container of containers) runtimes.ask(container)
  while (urls.length === 0) await sleep(5)
  runtimes.close()
  runtimes.close()
  containers.push(pending('docker', OTHER))
  runtimes.ask(containers[2])
  await sleep(50)
  const ended = ['failed', 'the capture has ended before there was an answer']
  for (const { lookup, reason } of containers) assert.equal([lookup, reason], ended)
  assert.is(urls.length, 1)
}))

test('nothing keeps the process alive', () => withRoot(async root => {
  await root.serve(DOCKER, { [CONTAINER_URL]: hang })
  const script = `import { Runtimes } from ${JSON.stringify(new URL('../../../lib/state/runtime.ts', import.meta.url).href)}
    const runtimes = new Runtimes({ root: ${JSON.stringify(root.path)}, timeoutMs: 20000, retryMs: 20000 })
    for (const type of ['docker', 'podman']) runtimes.ask({ id: 'x', fullId: ${JSON.stringify(ID)}, type, lookup: 'pending' })
    setTimeout(() => console.log('over'), 200)`
  const { stdout, ms, code, stderr } = await run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script])
  assert.equal([stdout, code], ['over\n', 0], stderr)
  assert.ok(ms < 10_000, `${ms} ms`)
}))
