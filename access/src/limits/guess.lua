-- Lets somebody guess, and counts it as wrong, in one step for all processes; or says how long to wait and counts nothing.
-- KEYS: who is known, guesses in a row of the pair, guesses of the address, guesses at the account.
-- ARGV: guesses in a row that are free; the longest wait between two in ms; guesses a minute of an address; and at an account;
-- whether the process knows the caller, as 1 or 0; whether the process itself would let a stranger guess; how long a series is
-- remembered, in ms.
-- Answers how long to wait in ms, or -1 if the process is to go by its own count; and 1 if the caller is known.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local free, longest = tonumber(ARGV[1]), tonumber(ARGV[2])
local known = ARGV[5] == '1' or redis.call('EXISTS', KEYS[1]) == 1

local series = redis.call('HMGET', KEYS[2], 'guesses', 'last')
local guesses, last = tonumber(series[1]) or 0, tonumber(series[2]) or 0
if guesses >= free then
    local wait = math.min(1000 * 2 ^ math.min(guesses - free, 16), longest)
    local waited = math.max(now - last, 0)
    if waited < wait then
        return {wait - waited, known and 1 or 0}
    end
end

local levels = {}
if not known then
    if ARGV[6] == '0' then
        return {-1, 0}
    end
    for place = 3, 4 do
        local most = tonumber(ARGV[place])
        local bucket = redis.call('HMGET', KEYS[place], 'level', 'at')
        local level, at = tonumber(bucket[1]) or 0, tonumber(bucket[2]) or now
        level = math.max(level - math.max(now - at, 0) * most / 60000, 0)
        local over = level + 1 - most
        if over > 0 then
            return {math.ceil(over * 60000 / most), 0}
        end
        levels[place] = level + 1
    end
end

redis.call('HSET', KEYS[2], 'guesses', guesses + 1, 'last', now)
redis.call('PEXPIRE', KEYS[2], ARGV[7])
for place, level in pairs(levels) do
    redis.call('HSET', KEYS[place], 'level', tostring(level), 'at', now)
    -- A full one is empty after a minute.
    redis.call('PEXPIRE', KEYS[place], 60000)
end
return {0, known and 1 or 0}
