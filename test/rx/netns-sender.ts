/**
 * Sends numbered packets from the network namespace it was started in.
 * Arguments: sendmmsg or dgram, group, port, interface address, TTL, packets.
 */
import { loadNative } from "../../src/core/native.ts";
import { openSender } from "../../src/send/transport.ts";
import { fillPacket } from "./socket-parts.ts";

const [path, group, port, iface, ttl, count] = process.argv.slice(2) as [string, ...string[]];
const sender = await openSender(
  { group: String(group), port: Number(port), iface: String(iface), ttl: Number(ttl) },
  path === "sendmmsg" ? loadNative() : null,
);
const packet = Buffer.alloc(200);
const offsets = Int32Array.of(0, packet.length);
for (let i = 0; i < Number(count); i++) {
  fillPacket(packet, i);
  await sender.send(packet, offsets, 1);
  // The receiver shares this machine: leave it some time.
  if (i % 20 === 19) await new Promise((resolve) => setTimeout(resolve, 1));
}
sender.close();
