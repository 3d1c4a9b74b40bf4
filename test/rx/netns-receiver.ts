/**
 * Receives one feed in the network namespace it was started in, until as many packets as asked for
 * have come, and prints what it saw. Arguments: path, group, port, interface address, packets.
 */
import { loadNative } from "../../src/core/native.ts";
import { C } from "../../src/metrics/counter-table.ts";
import { openSocketSource } from "../../src/rx/socket.ts";
import { makeRig, settle, workUntil } from "./socket-parts.ts";

const [path, group, port, iface, wanted] = process.argv.slice(2) as [string, ...string[]];
const native = path === "recvmmsg" ? loadNative() : null;
const rig = makeRig(
  native,
  path === "recvmmsg" ? { path, timestamps: "software" } : { path: "dgram" },
  { address: { group: String(group), port: Number(port) } },
);
const { source } = await openSocketSource({ ...rig.options, iface: String(iface) }, native);
console.log("ready");
await workUntil(source, () => rig.sink.packets >= Number(wanted));
await settle(source);
source.tick();
source.close();
const { packets, bad, outOfOrder, stamps } = rig.sink;
const kinds = [...new Set(stamps.map((stamp) => stamp[2]))];
const drops = rig.counters.get(C.RX_KERNEL_DROPS_A);
console.log(JSON.stringify({ packets, bad, outOfOrder, kinds, drops }));
