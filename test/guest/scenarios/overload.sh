# More than the rings hold, while nobody reads: what came and what the module says it dropped must be what was made.
cd /tmp
ringread -f -w 4000 -c 1600000 >ringread.json 2>ready &
reader=$!
until grep -q ready ready; do sleep 0.1; done
flood 0 400000 >made.0 &
flood 1 400000 >made.1 || exit
wait $reader || exit
echo "{\"made\":[$(cat made.0),$(cat made.1)],\"reader\":$(cat ringread.json)}" >/out/overload.json
