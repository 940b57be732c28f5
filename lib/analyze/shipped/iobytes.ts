import { iobytes } from '../iobytes.js'

export default iobytes('iobytes', 'Bytes read and written, over fds of any kind', 'I/O', 'evt.is_io = true')
