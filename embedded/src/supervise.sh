# Runs one server and sees to it that it ends when the process that asked for it ends, in whatever way.
#
# $1 is the log, $2 the signal that stops the server cleanly, the rest its command line. Standard input is a pipe from
# the process that asked: a line is the name of a signal to pass on, its end is the order to stop. Standard output is
# something to hold until the server is gone (a lock, or a pipe that someone watches); the server does not get it.
# The server is a child of this shell, so its number cannot pass to a stranger before this shell has waited for it.
log=$1
stop=$2
shift 2
exec 3<&0 </dev/null 2>>"$log"
# A signal to this shell (the machine goes down, say) must not part it from its server.
trap : HUP INT TERM

"$@" >>"$log" 2>&1 3<&- &
server=$!
(
    while read -r signal; do kill -s "$signal" "$server"; done
    kill -s "$stop" "$server"
) <&3 >/dev/null &
orders=$!
exec 3<&-

while :; do
    wait "$server"
    status=$?
    kill -0 "$server" 2>/dev/null || break
done
kill "$orders" 2>/dev/null
exit "$status"
