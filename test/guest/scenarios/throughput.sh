# timeout: 30
# How fast a plain reader takes events from a ring, while they are made, over more than 20 wraps.
cd /tmp
ringread -f -c 4600000 >ringread.json 2>ready &
reader=$!
until grep -q ready ready; do sleep 0.1; done
flood 0 2300000 >made.0 || exit
wait $reader || exit
echo "{\"made\":$(cat made.0),\"reader\":$(cat ringread.json)}" >/out/throughput.json
