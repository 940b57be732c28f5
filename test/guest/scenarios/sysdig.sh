# sysdig and a plain reader of the rings, both at the same work.
cd /tmp
ringread -o /out/ringread.records >ringread.json 2>ready &
reader=$!
until grep -q ready ready; do sleep 0.1; done
sysdig -v -w /out/sysdig.scap 2>/out/sysdig.stderr &
sysdig=$!
# It opens the file once the capture runs.
until [ -s /out/sysdig.scap ]; do sleep 0.1; done
work 100 || exit
sleep 0.5
kill -INT $sysdig
wait $sysdig || exit
kill -INT $reader
wait $reader || exit
sysdig -r /out/sysdig.scap >/out/sysdig.txt || exit
echo "{\"sysdig\":$sysdig,\"reader\":$(cat ringread.json)}" >/out/sysdig.json
