import { iobytes } from '../iobytes.js'

export default iobytes('iobytes_file', 'Bytes read from and written to files', 'I/O', 'fd.type = file and evt.is_io = true')
