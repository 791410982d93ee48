-- Takes a code: of those who try at once with codes of one step, one finds it not taken.
update identity.second_factor set last_step = $4
where tenant_id = $1 and user_id = $2 and id = $3 and last_step < $4
returning id
