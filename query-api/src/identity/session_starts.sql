-- The starts of sessions. $1: their ids.
from log.event where aggregate_type = 'identity.session' and aggregate_id = any($1) and sequence = 1
