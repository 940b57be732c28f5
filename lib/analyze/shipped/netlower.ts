import { slower } from '../slower.js'

export default slower({
  name: 'netlower',
  about: 'Sends and receives over IPv4 and IPv6 that took longer than so many ms',
  category: 'Performance',
  filter: 'evt.dir = < and evt.is_io = true and (fd.type = ipv4 or fd.type = ipv6)',
  fd: true,
})
