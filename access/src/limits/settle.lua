-- Takes a guess back that was right, or none. KEYS are those of the guess.
-- ARGV: 1 if it was right, which forgets those before it too, and makes the caller known; 1 if the caller was a stranger, whose
-- guess was counted of the address and at the account; how long a caller is known, in ms.
if ARGV[1] == '1' then
    redis.call('DEL', KEYS[2])
    redis.call('SET', KEYS[1], '1', 'PX', ARGV[3])
else
    local guesses = tonumber(redis.call('HGET', KEYS[2], 'guesses')) or 0
    if guesses > 0 then
        redis.call('HSET', KEYS[2], 'guesses', guesses - 1)
    end
end
if ARGV[2] == '1' then
    for place = 3, 4 do
        local level = tonumber(redis.call('HGET', KEYS[place], 'level'))
        if level then
            redis.call('HSET', KEYS[place], 'level', tostring(math.max(level - 1, 0)))
        end
    end
end
return {0}
