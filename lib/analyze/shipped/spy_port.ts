import { spy } from '../spy.js'

export default spy('spy_port', 'What goes over connections with this port', 'fd.port', { name: 'host_port', about: 'a port, of either end', type: 'number', min: 1 })
