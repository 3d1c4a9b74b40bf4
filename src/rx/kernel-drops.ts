/**
 * The kernel's drop count of a UDP socket of this process, read from /proc: node:dgram has no
 * SO_RXQ_OVFL. Cold path, a few times a minute. Where /proc has no such table the count is unknown.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Looks one socket up by its address among the sockets that this process holds. */
export class KernelDrops {
  readonly #address: string;

  /** @param group dotted address the socket is bound to */
  constructor(group: string, port: number) {
    this.#address = procAddress(group, port);
  }

  /** Packets dropped since the socket was opened. @returns -1 when that cannot be known */
  read(): number {
    try {
      return this.#read();
    } catch {
      return -1;
    }
  }

  #read(): number {
    const own = ownSockets();
    let found = -1;
    for (const line of readFileSync("/proc/net/udp", "utf8").split("\n")) {
      const columns = line.trim().split(/\s+/);
      if (columns[1] !== this.#address || !own.has(columns[9] ?? "")) continue;
      // Two sockets of this process on one address cannot be told apart.
      if (found >= 0) return -1;
      found = Number(columns[12]);
    }
    return Number.isFinite(found) ? found : -1;
  }
}

/** Inodes of the sockets that this process has open. */
function ownSockets(): Set<string> {
  const inodes = new Set<string>();
  for (const fd of readdirSync("/proc/self/fd")) {
    let target = "";
    try {
      target = readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      // Closed since the folder was read.
    }
    if (target.startsWith("socket:[")) inodes.add(target.slice(8, -1));
  }
  return inodes;
}

/** How /proc/net/udp writes an address: the word in host order (little-endian), then the port. */
function procAddress(group: string, port: number): string {
  const octets = group.split(".").map((part) => hex(Number(part), 2));
  return `${octets.reverse().join("")}:${hex(port, 4)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, "0");
}
