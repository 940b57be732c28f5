// An HTTP server on loopback, and a client that keeps one connection and asks for several things, one after the other.
import { Agent, createServer, request } from 'node:http'

const server = createServer((incoming, response) => {
  incoming.resume()
  const length = Number(new URL(incoming.url, 'http://x').searchParams.get('bytes') ?? 0)
  response.statusCode = length === 0 ? 404 : 200
  // In front of the date, so that it is in the first 80 bytes.
  response.sendDate = false
  response.setHeader('Content-Length', length)
  response.end('x'.repeat(length))
})
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address()
const agent = new Agent({ keepAlive: true, maxSockets: 1 })

const ask = (method, path) => new Promise((resolve, reject) => {
  const asked = request({ host: '127.0.0.1', port, method, path, agent, headers: { Accept: '*/*' } }, response => response.resume().on('end', resolve))
  asked.on('error', reject).end()
})
for (let i = 0; i < 3; i++) await ask('GET', '/a?bytes=5')
await ask('GET', '/b?bytes=1000')
await ask('POST', '/b?bytes=20')
await ask('GET', '/missing')
agent.destroy()
server.close()
