import test from "ava";
import type { Native, NativeSender } from "../../src/core/native.ts";
import { loadNative } from "../../src/core/native.ts";
import { DgramSender, openSender, SendmmsgSender } from "../../src/send/transport.ts";
import { freshGroup, goodOptions, nativeOrSkip } from "./native-or-skip.ts";

const LOOPBACK = { iface: "127.0.0.1", ttl: 0 };

/** Packets that wait at a receiver of the addon's. */
function received(native: Native, options = goodOptions(native)) {
  const receiver = native.openReceiver(options);
  const bytes = new Uint8Array(native.regionMap(options.regionId));
  const out = new Int32Array(6 * 64);
  const frames = Int32Array.from({ length: 64 }, (_, i) => i);
  const take = (): Uint8Array[] => {
    const packets: Uint8Array[] = [];
    for (let n = 1; n > 0; ) {
      n = receiver.poll(frames, 64, out, new Int32Array(2));
      for (let i = 0; i < n; i++) {
        const at = (out[6 * i] as number) * options.frameBytes;
        packets.push(bytes.slice(at, at + (out[6 * i + 1] as number)));
      }
    }
    return packets;
  };
  return { options, receiver, take };
}

for (const kind of ["sendmmsg", "dgram"] as const) {
  test(`${kind}: sends each packet of a batch larger than one call, in order`, async (t) => {
    const native = nativeOrSkip(t);
    if (native === null) return;
    const { options, receiver, take } = received(native);
    const to = { group: options.group, port: options.port, ...LOOPBACK };
    const sender = await openSender(to, kind === "dgram" ? null : native);
    t.is(sender.constructor, kind === "dgram" ? DgramSender : SendmmsgSender);
    const bytes = Uint8Array.from({ length: 400 }, (_, i) => i);
    const offsets = new Int32Array(400);
    for (let i = 0; i < 200; i++) {
      offsets[2 * i] = i;
      offsets[2 * i + 1] = i % 3;
    }
    t.is(await sender.send(bytes, offsets, 200), 200);
    const packets = take();
    t.is(packets.length, 200);
    packets.forEach((packet, i) => {
      t.deepEqual(packet, bytes.slice(i, i + (i % 3)));
    });
    t.is(await sender.send(bytes, offsets, 0), 0);
    sender.close();
    receiver.close();
  });

  test(`${kind}: a packet outside the bytes throws and nothing is sent`, async (t) => {
    const native = kind === "dgram" ? null : nativeOrSkip(t);
    if (kind === "sendmmsg" && native === null) return;
    const sender = await openSender({ ...freshGroup(), ...LOOPBACK }, native);
    const bytes = new Uint8Array(70_000);
    const trySend = async (offsets: number[], count = offsets.length / 2): Promise<unknown> =>
      sender.send(bytes, Int32Array.from(offsets), count);
    await t.notThrowsAsync(trySend([70_000 - 10, 10]));
    await t.notThrowsAsync(trySend([0, 65_507]));
    await t.throwsAsync(trySend([70_000 - 10, 11]), { message: /offset=69990 length=11/ });
    await t.throwsAsync(trySend([-1, 1]), { message: /offset=-1 length=1/ });
    await t.throwsAsync(trySend([0, -1]), { message: /offset=0 length=-1/ });
    await t.throwsAsync(trySend([0, 65_508]), { message: /offset=0 length=65508/ });
    await t.throwsAsync(trySend([2 ** 31 - 1, 2 ** 31 - 1]), { message: /offset=2147483647/ });
    await t.throwsAsync(trySend([0, 1], 2), { message: /^count=2 > 1$|^offsets.length=2 < 4$/ });
    sender.close();
  });

  test(`${kind}: bad addresses are refused with their name`, async (t) => {
    const native = kind === "dgram" ? null : nativeOrSkip(t);
    if (kind === "sendmmsg" && native === null) return;
    const good = { ...freshGroup(), ...LOOPBACK };
    for (const change of [{ iface: "nowhere" }, { iface: "192.0.2.1" }, { ttl: 256 }]) {
      await t.throwsAsync(openSender({ ...good, ...change }, native));
    }
    if (native === null) return;
    t.throws(() => native.openSender({ ...good, group: "10.0.0.1" }), { message: /^group=10/ });
    t.throws(() => native.openSender({ ...good, port: 0 }), { message: "port=0 < 1" });
    t.throws(() => native.openSender({ ...good, ttl: 256 }), { message: "ttl=256 > 255" });
    t.throws(() => native.openSender({ ...good, ttl: -1 }), { message: "ttl=-1 < 0" });
  });
}

test("sendmmsg: from and count are checked, and a closed sender throws", (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  const sender = native.openSender({ ...freshGroup(), ...LOOPBACK });
  const bytes = new Uint8Array(100);
  const offsets = new Int32Array(2 * 100);
  t.is(sender.send(bytes, offsets, 100), 64, "64 a call");
  t.is(sender.send(bytes, offsets, 100, 64), 36);
  t.is(sender.send(bytes, offsets, 100, 100), 0);
  t.throws(() => sender.send(bytes, offsets, 100, 101), { message: /from=101 count=100/ });
  t.throws(() => sender.send(bytes, offsets, 100, -1), { message: /from=-1/ });
  t.throws(() => sender.send(bytes, offsets, 101), { message: "offsets.length=200 < 202" });
  t.throws(() => sender.send(bytes, offsets, -1), { message: /count=-1/ });
  sender.close();
  t.throws(() => sender.send(bytes, offsets, 1), { message: "sender is closed" });
});

/** A socket that answers as told, to try what a real kernel does seldom. */
class ScriptedSocket implements NativeSender {
  readonly calls: number[] = [];
  readonly #answers: number[];

  constructor(answers: number[]) {
    this.#answers = answers;
  }

  send(_bytes: Uint8Array, _offsets: Int32Array, _count: number, from = 0): number {
    this.calls.push(from);
    return this.#answers.shift() ?? 0;
  }

  close(): void {}
}

test("a full send buffer is waited for, and sending goes on where it stopped", async (t) => {
  const socket = new ScriptedSocket([3, -11, -105, 2, -11, 5]);
  const sender = new SendmmsgSender(socket, { ...freshGroup(), ...LOOPBACK });
  const answer = sender.send(new Uint8Array(1), new Int32Array(20), 10);
  t.true(answer instanceof Promise);
  t.is(await answer, 10);
  t.deepEqual(socket.calls, [0, 3, 3, 3, 5, 5]);
});

test("another refusal is FEED_SOCKET with the errno, at once and while waiting", async (t) => {
  const to = { group: "239.1.2.3", port: 5000, ...LOOPBACK };
  const message = "send to 239.1.2.3:5000 failed with errno 101";
  const send = (answers: number[]): number | Promise<number> =>
    new SendmmsgSender(new ScriptedSocket(answers), to).send(
      new Uint8Array(1),
      new Int32Array(20),
      10,
    );
  t.throws(() => void send([-101]), { message });
  await t.throwsAsync(Promise.resolve(send([-11, -101])), { message });
});

test("openSender takes the addon when it is there", async (t) => {
  const sender = await openSender({ ...freshGroup(), ...LOOPBACK });
  t.is(sender instanceof SendmmsgSender, loadNative() !== null);
  sender.close();
});
