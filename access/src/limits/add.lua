-- Counts so many of a key, in one step for all processes, whether there may be or not; says for how many ms there is too much.
-- ARGV: how many there may be in a period, how long the period is in ms, and how many there were.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local most, period, count = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local bucket = redis.call('HMGET', KEYS[1], 'level', 'at')
local level, at = tonumber(bucket[1]) or 0, tonumber(bucket[2]) or now
-- However many processes let through too much: one period later there may be some again.
level = math.min(math.max(level - math.max(now - at, 0) * most / period, 0) + count, 2 * most)
redis.call('HSET', KEYS[1], 'level', tostring(level), 'at', now)
redis.call('PEXPIRE', KEYS[1], 2 * period)
return {math.max(math.ceil((level - most) * period / most), 0)}
