# What the chisels of shells, logs, HTTP and syslog tell of. Waits until somebody writes to the first argument, in the end to the second; the third is a
# folder of its own, the fourth is node. No redirections, no pipes: sysdig 0.29 does not know dup2, and would take one file for another.
begin=$1 end=$2 folder=$3 node=$4
cat "$begin"

# Shells, one in the other, and directories.
cd "$folder"
id -u
sh -c 'id -g; sh -c "id -n -u; true"; cd /; true'
cd /

# What goes over the standard fds.
cat
cat "$folder/missing"

"$node" "$folder/logs.mjs" "$folder"
"$node" "$folder/web.mjs"
"$node" "$folder/syslog.mjs" "$folder/dev/log"

cat "$end"
