import { top } from '../top.js'

export default top({
  name: 'topcontainers_net',
  about: 'Containers by bytes sent and received over IPv4 and IPv6',
  category: 'Net',
  filter: '(fd.type = ipv4 or fd.type = ipv6) and evt.is_io = true and container.name != host',
  value: 'evt.rawarg.res', title: 'Bytes', unit: 'bytes',
  by: [['container.name', 'container.name']],
  top: 100,
})
