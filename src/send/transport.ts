/**
 * How packets leave: a connected multicast socket behind one small interface, with the addon
 * (sendmmsg, one call for many packets) or with node:dgram. Thread: the sender's.
 */
import type { Socket } from "node:dgram";
import { createSocket } from "node:dgram";
import { errorText, FeedError } from "../core/errors.ts";
import type { Native, NativeSender, SenderOptions } from "../core/native.ts";
import { loadNative } from "../core/native.ts";

/** The largest UDP payload over IPv4, bytes. */
export const UDP_PAYLOAD_BYTES_MAX = 65_507;

/** -EAGAIN and -ENOBUFS: the kernel has no room now, the packet was not sent. */
const EAGAIN = -11;
const ENOBUFS = -105;
/** A kernel that takes nothing for so long is broken. */
const STUCK_MS = 5000;

/** Sends packets to one group. */
export interface PacketSender {
  /**
   * Sends `count` packets; packet i is `bytes[offsets[2i] … + offsets[2i + 1]]`.
   * Owner: `bytes` and `offsets` are the sender's until it returns, or until the promise settles.
   *
   * @returns `count`, at once when the kernel took all of them, else as a promise
   * @throws FEED_SOCKET when the kernel refuses, RangeError when a packet lies outside `bytes`
   */
  send(bytes: Uint8Array, offsets: Int32Array, count: number): number | Promise<number>;
  close(): void;
}

/** Opens a sender: with the addon when it is built, else with node:dgram. @throws FEED_SOCKET */
export async function openSender(
  options: SenderOptions,
  native: Native | null = loadNative(),
): Promise<PacketSender> {
  if (native === null) return DgramSender.open(options);
  let socket: NativeSender;
  try {
    socket = native.openSender(options);
  } catch (error) {
    throw new FeedError("FEED_SOCKET", `sender: ${errorText(error)}`, { cause: error });
  }
  return new SendmmsgSender(socket, options);
}

/** Sends with sendmmsg. */
export class SendmmsgSender implements PacketSender {
  readonly #socket: NativeSender;
  readonly #to: string;

  constructor(socket: NativeSender, options: SenderOptions) {
    this.#socket = socket;
    this.#to = `${options.group}:${options.port}`;
  }

  send(bytes: Uint8Array, offsets: Int32Array, count: number): number | Promise<number> {
    let sent = 0;
    while (sent < count) {
      const n = this.#socket.send(bytes, offsets, count, sent);
      if (n === EAGAIN || n === ENOBUFS) return this.#sendLater(bytes, offsets, count, sent);
      if (n < 0) throw this.#refused(n);
      sent += n;
    }
    return count;
  }

  close(): void {
    this.#socket.close();
  }

  /** The send buffer is full: tries again once a turn of the event loop. */
  async #sendLater(
    bytes: Uint8Array,
    offsets: Int32Array,
    count: number,
    from: number,
  ): Promise<number> {
    let sent = from;
    let since = performance.now();
    while (sent < count) {
      const n = this.#socket.send(bytes, offsets, count, sent);
      if (n > 0) {
        sent += n;
        since = performance.now();
        continue;
      }
      const full = n === EAGAIN || n === ENOBUFS;
      if (!full || performance.now() - since > STUCK_MS) throw this.#refused(n);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return count;
  }

  #refused(errno: number): FeedError {
    return new FeedError("FEED_SOCKET", `send to ${this.#to} failed with errno ${-errno}`);
  }
}

/** Sends with node:dgram. */
export class DgramSender implements PacketSender {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Binds, sets up and connects the socket. @throws FEED_SOCKET with the failing step */
  static async open(options: SenderOptions): Promise<DgramSender> {
    const { group, port, iface, ttl } = options;
    const socket = createSocket("udp4");
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once("error", reject);
        socket.bind(0, resolve);
      });
      socket.setMulticastInterface(iface);
      socket.setMulticastTTL(ttl);
      socket.setMulticastLoopback(true);
      await new Promise<void>((resolve, reject) => {
        socket.once("error", reject);
        socket.connect(port, group, () => resolve());
      });
    } catch (error) {
      socket.close();
      const to = `${group}:${port} iface=${iface} ttl=${ttl}`;
      throw new FeedError("FEED_SOCKET", `sender to ${to}: ${(error as Error).message}`);
    }
    socket.removeAllListeners("error");
    // An error without a listener would end the process; send's callback reports it.
    socket.on("error", () => {});
    return new DgramSender(socket);
  }

  async send(bytes: Uint8Array, offsets: Int32Array, count: number): Promise<number> {
    if (count < 0 || 2 * count > offsets.length) {
      throw new RangeError(`count=${count} > ${offsets.length >> 1}`);
    }
    for (let i = 0; i < count; i++) checkRange(bytes, offsets, i);
    const sends: Promise<void>[] = [];
    for (let i = 0; i < count; i++) {
      sends.push(this.#sendOne(bytes, offsets[2 * i] as number, offsets[2 * i + 1] as number));
    }
    await Promise.all(sends);
    return count;
  }

  close(): void {
    this.#socket.close();
  }

  #sendOne(bytes: Uint8Array, offset: number, length: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(bytes, offset, length, (error) => {
        if (error) reject(new FeedError("FEED_SOCKET", `send failed: ${error.message}`));
        else resolve();
      });
    });
  }
}

function checkRange(bytes: Uint8Array, offsets: Int32Array, i: number): void {
  const offset = offsets[2 * i] as number;
  const length = offsets[2 * i + 1] as number;
  const outside = offset < 0 || length < 0 || offset + length > bytes.length;
  if (outside || length > UDP_PAYLOAD_BYTES_MAX) {
    throw new RangeError(`packet ${i}: offset=${offset} length=${length} of ${bytes.length} bytes`);
  }
}
