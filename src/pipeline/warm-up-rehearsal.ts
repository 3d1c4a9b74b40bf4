/**
 * Branches that hardly any stream takes, taken on small objects of the same classes: V8 keeps what
 * it has learned with the code, not with the object. Cold; before anything is compiled.
 */
import { SlotRingReader, SlotRingWriter, takeSlotRing } from "../core/slot-ring.ts";
import { PacketRef, PacketWindow } from "../merge/window.ts";

const ROUNDS = 500;
const RING_SLOTS = 4;
const WINDOW_PACKETS = 4;

/** Takes them. */
export function rehearse(): void {
  const ref = takeSlotRing(RING_SLOTS, 2, null);
  const writer = new SlotRingWriter(ref);
  const reader = new SlotRingReader(ref);
  const window = new PacketWindow(WINDOW_PACKETS);
  const packet = new PacketRef();
  for (let round = 0; round < ROUNDS; round++) {
    fillRing(writer, reader);
    slideWindow(window, packet);
  }
}

/** A ring that is full: the writer looks at the reader's cursor, in vain and not. */
function fillRing(writer: SlotRingWriter, reader: SlotRingReader): void {
  while (writer.claim() >= 0);
  writer.publish();
  const count = reader.available();
  for (let i = 0; i < count; i++) reader.slot(i);
  reader.release(count);
}

/** A window that moves on without ever being empty: its list comes to the end of its room. */
function slideWindow(window: PacketWindow, packet: PacketRef): void {
  window.insert(1, packet);
  for (let seq = 3; seq < 6 * WINDOW_PACKETS; seq += 2) {
    window.insert(seq, packet);
    window.insert(seq - 1, packet);
    window.takeFirst();
    window.takeFirst();
  }
  while (window.count > 0) window.takeFirst();
}
