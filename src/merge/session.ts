/**
 * What a feed says that does not fit: a packet of another session, or far beyond the sequence that
 * is due. Each feed has one suspect stream; it is believed after RUN_BELIEVED packets in a row,
 * each beginning where the one before ended, or when both feeds tell of the same one.
 *
 * The packets are kept meanwhile (up to a bound), so that belief loses nothing.
 * Thread: merge's.
 */
import type { Framing } from "../decode/framing.ts";
import { PacketWindow } from "./window.ts";

/** Packets in a row that make a stream believed. */
export const RUN_BELIEVED = 3;

/** A session's name as a framing tells it. */
export class SessionName {
  hi = 0;
  mid = 0;
  lo = 0;
  /** False until set() was called. */
  known = false;

  set(hi: number, mid: number, lo: number): void {
    this.hi = hi;
    this.mid = mid;
    this.lo = lo;
    this.known = true;
  }

  /** No session. */
  clear(): void {
    this.hi = 0;
    this.mid = 0;
    this.lo = 0;
    this.known = false;
  }

  /** True when the framing's last packet belongs to this session. */
  isOf(framing: Framing): boolean {
    return (
      this.known &&
      framing.sessionHi === this.hi &&
      framing.sessionMid === this.mid &&
      framing.sessionLo === this.lo
    );
  }

  /** True when both are known and equal. */
  equals(other: SessionName): boolean {
    return (
      this.known &&
      other.known &&
      this.hi === other.hi &&
      this.mid === other.mid &&
      this.lo === other.lo
    );
  }
}

/** One feed's suspect stream. */
export class Suspect {
  readonly session = new SessionName();
  readonly packets: PacketWindow;
  active = false;
  /** True once believed; a session may have to wait for its time. */
  believed = false;
  run = 0;
  /** [0] lowest sequence, [1] end of the last packet, [2] highest end, [3] last arrival, ns. */
  readonly at = new Float64Array(4);

  constructor(capacity: number) {
    this.packets = new PacketWindow(capacity);
  }

  /** Begins with the framing's last packet. */
  begin(framing: Framing, nowNs: number): void {
    const seq = framing.seq[0] as number;
    this.session.set(framing.sessionHi, framing.sessionMid, framing.sessionLo);
    this.active = true;
    this.believed = false;
    this.run = 1;
    this.at[0] = seq;
    this.at[1] = seq + framing.count;
    this.at[2] = seq + framing.count;
    this.at[3] = nowNs;
  }

  /** True when the framing's last packet goes on with this stream, in a row or not. */
  goesOnWith(framing: Framing, maxJump: number): boolean {
    if (!this.active || !this.session.isOf(framing)) return false;
    const seq = framing.seq[0] as number;
    return seq + maxJump >= (this.at[0] as number) && seq <= (this.at[2] as number) + maxJump;
  }

  /** Takes the framing's last packet into the stream. */
  goOn(framing: Framing, nowNs: number): void {
    const seq = framing.seq[0] as number;
    const end = seq + framing.count;
    this.run = seq === this.at[1] ? this.run + 1 : 1;
    if (seq < (this.at[0] as number)) this.at[0] = seq;
    this.at[1] = end;
    if (end > (this.at[2] as number)) this.at[2] = end;
    this.at[3] = nowNs;
  }

  /** True when the other feed's stream has the same session and their ranges touch. */
  touches(other: Suspect): boolean {
    return (
      this.active &&
      other.active &&
      this.session.equals(other.session) &&
      (this.at[0] as number) <= (other.at[2] as number) &&
      (other.at[0] as number) <= (this.at[2] as number)
    );
  }

  /** Forgets the stream; the caller has emptied `packets`. */
  clear(): void {
    this.active = false;
    this.believed = false;
    this.run = 0;
    this.session.known = false;
  }

  /** As new; the owner of the packets' frames knows. */
  reset(): void {
    this.packets.clear();
    this.clear();
    this.at.fill(0);
  }
}
