-- Numbers in the bytes of a record, which are a Lua string. Little endian, unaligned; positions count from 1.
local byte = string.byte
local bytes = {}

function bytes.u16(s, at)
  local low, high = byte(s, at, at + 1)
  return low + high * 0x100
end

function bytes.u32(s, at)
  local a, b, c, d = byte(s, at, at + 3)
  return a + b * 0x100 + c * 0x10000 + d * 0x1000000
end

function bytes.s32(s, at)
  local value = bytes.u32(s, at)
  return value < 0x80000000 and value or value - 0x100000000
end

-- Exact from -2^53 to 2^53, which is enough for ids, fds and results.
function bytes.s64(s, at)
  return bytes.s32(s, at + 4) * 0x100000000 + bytes.u32(s, at)
end

-- Where a double begins to skip numbers, in the upper half.
local SAFE_HIGH = 0x200000

function bytes.signed64_text(s, at)
  local high = bytes.s32(s, at + 4)
  if high >= -SAFE_HIGH and high < SAFE_HIGH then return ('%d'):format(bytes.s64(s, at)) end
  return tostring((Struct.unpack('<e', s, at)))
end

function bytes.unsigned64_text(s, at)
  if bytes.u32(s, at + 4) < SAFE_HIGH then return ('%d'):format(bytes.s64(s, at)) end
  return tostring((Struct.unpack('<E', s, at)))
end

-- As sysdig prints it: upper case, nothing in front.
function bytes.hex64_text(s, at)
  local high, low = bytes.u32(s, at + 4), bytes.u32(s, at)
  return high == 0 and ('%X'):format(low) or ('%X%08X'):format(high, low)
end

-- The text before the first NUL of `length` bytes.
function bytes.string(s, at, length)
  local nul = s:find('\0', at, true)
  local stop = at + length - 1
  return s:sub(at, nul and nul <= stop and nul - 1 or stop)
end

-- The texts in NUL-terminated strings one after the other.
function bytes.strings(s, at, length)
  local list = {}
  for text in s:sub(at, at + length - 1):gmatch('[^%z]+') do list[#list + 1] = text end
  return list
end

return bytes
