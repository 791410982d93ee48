-- Counts one of each key, in one step for all processes; or says how long to wait and counts nothing.
-- ARGV: for each key how many there may be in a period, and how long the period is in ms.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local levels, wait = {}, 0
for place, key in ipairs(KEYS) do
    local most, period = tonumber(ARGV[2 * place - 1]), tonumber(ARGV[2 * place])
    local bucket = redis.call('HMGET', key, 'level', 'at')
    local level, at = tonumber(bucket[1]) or 0, tonumber(bucket[2]) or now
    level = math.max(level - math.max(now - at, 0) * most / period, 0)
    levels[place] = level + 1
    wait = math.max(wait, math.ceil((level + 1 - most) * period / most))
end
if wait > 0 then
    return {wait}
end
for place, key in ipairs(KEYS) do
    redis.call('HSET', key, 'level', tostring(levels[place]), 'at', now)
    redis.call('PEXPIRE', key, ARGV[2 * place])
end
return {0}
