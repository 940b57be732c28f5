import { spy } from '../spy.js'

export default spy('spy_ip', 'What goes over connections with this address', 'fd.ip', { name: 'host_ip', about: 'an IPv4 or IPv6 address, of either end', type: 'string' })
