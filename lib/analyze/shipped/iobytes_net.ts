import { iobytes } from '../iobytes.js'

export default iobytes('iobytes_net', 'Bytes received and sent over IPv4 and IPv6', 'Net', 'evt.is_io = true and (fd.type = ipv4 or fd.type = ipv6)')
