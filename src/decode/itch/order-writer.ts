/**
 * Writes the order and trade messages of ITCH 5.0 into one growing buffer, each behind its u16
 * length: a BinaryFILE and the blocks of a MoldUDP64 packet alike. The other types are in
 * encoder.ts, which is what users take.
 *
 * Every argument is a 32-bit integer (signed or unsigned, the low bits are written), so a writer
 * that makes millions of messages a second allocates nothing but growth. The timestamp is ns since
 * midnight as its upper 16 and lower 32 bits; texts are big-endian words. Sides are 0 buy, 1 sell.
 */
import * as L from "./layout.ts";

/** Messages into one growing buffer. */
export class OrderWriter {
  /** The buffer; replaced by a longer one when it is full. */
  bytes: Uint8Array;
  /** Bytes written, 0 to bytes.length. */
  length: number;
  /** Messages written since the last reset. */
  messageCount: number;
  protected data: DataView;

  /** @param capacityBytes first size, bytes */
  constructor(capacityBytes = 65_536) {
    this.bytes = new Uint8Array(capacityBytes);
    this.length = 0;
    this.messageCount = 0;
    this.data = new DataView(this.bytes.buffer);
  }

  /** Forgets what was written; keeps the buffer. */
  reset(): void {
    this.length = 0;
    this.messageCount = 0;
  }

  /** A view of what was written; valid until the next write or reset. */
  written(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  /** A. */
  add(
    locate: number,
    tracking: number,
    tsHi: number,
    tsLo: number,
    refLo: number,
    refHi: number,
    side: number,
    shares: number,
    symbolHigh: number,
    symbolLow: number,
    price: number,
  ): void {
    const p = this.start(L.TYPE_ADD, L.ADD_BYTES, locate, tracking, tsHi, tsLo);
    this.#order(p, refLo, refHi, side, shares, symbolHigh, symbolLow, price);
  }

  /** F; `mpid` is four letters as a word. */
  addMpid(
    locate: number,
    tracking: number,
    tsHi: number,
    tsLo: number,
    refLo: number,
    refHi: number,
    side: number,
    shares: number,
    symbolHigh: number,
    symbolLow: number,
    price: number,
    mpid: number,
  ): void {
    const p = this.start(L.TYPE_ADD_MPID, L.ADD_MPID_BYTES, locate, tracking, tsHi, tsLo);
    this.#order(p, refLo, refHi, side, shares, symbolHigh, symbolLow, price);
    this.data.setUint32(p + L.ADD_ATTRIBUTION, mpid);
  }

  /** E. */
  execute(
    locate: number,
    tracking: number,
    tsHi: number,
    tsLo: number,
    refLo: number,
    refHi: number,
    shares: number,
    matchLo: number,
    matchHi: number,
  ): void {
    const p = this.start(L.TYPE_EXECUTE, L.EXECUTE_BYTES, locate, tracking, tsHi, tsLo);
    this.u64(p + L.ORDER_REF, refLo, refHi);
    this.data.setUint32(p + L.EXECUTE_SHARES, shares);
    this.u64(p + L.EXECUTE_MATCH, matchLo, matchHi);
  }

  /** C; `printable` 1 or 0. */
  executePrice(
    locate: number,
    tracking: number,
    tsHi: number,
    tsLo: number,
    refLo: number,
    refHi: number,
    shares: number,
    matchLo: number,
    matchHi: number,
    printable: number,
    price: number,
  ): void {
    const p = this.start(L.TYPE_EXECUTE_PRICE, L.EXECUTE_PRICE_BYTES, locate, tracking, tsHi, tsLo);
    this.u64(p + L.ORDER_REF, refLo, refHi);
    this.data.setUint32(p + L.EXECUTE_SHARES, shares);
    this.u64(p + L.EXECUTE_MATCH, matchLo, matchHi);
    this.bytes[p + L.EXECUTE_PRINTABLE] = printable === 0 ? L.NOT_PRINTABLE : 0x59;
    this.data.setUint32(p + L.EXECUTE_PRICE, price);
  }

  /** X: `shares` are taken off. */
  cancel(
    locate: number,
    tracking: number,
    tsHi: number,
    tsLo: number,
    refLo: number,
    refHi: number,
    shares: number,
  ): void {
    const p = this.start(L.TYPE_CANCEL, L.CANCEL_BYTES, locate, tracking, tsHi, tsLo);
    this.u64(p + L.ORDER_REF, refLo, refHi);
    this.data.setUint32(p + L.CANCEL_SHARES, shares);
  }

  /** D. */
  delete(
    locate: number,
    tracking: number,
    tsHi: number,
    tsLo: number,
    refLo: number,
    refHi: number,
  ): void {
    const p = this.start(L.TYPE_DELETE, L.DELETE_BYTES, locate, tracking, tsHi, tsLo);
    this.u64(p + L.ORDER_REF, refLo, refHi);
  }

  /** U. */
  replace(
    locate: number,
    tracking: number,
    tsHi: number,
    tsLo: number,
    refLo: number,
    refHi: number,
    newLo: number,
    newHi: number,
    shares: number,
    price: number,
  ): void {
    const p = this.start(L.TYPE_REPLACE, L.REPLACE_BYTES, locate, tracking, tsHi, tsLo);
    this.u64(p + L.ORDER_REF, refLo, refHi);
    this.u64(p + L.REPLACE_NEW_REF, newLo, newHi);
    this.data.setUint32(p + L.REPLACE_SHARES, shares);
    this.data.setUint32(p + L.REPLACE_PRICE, price);
  }

  /** P. */
  trade(
    locate: number,
    tracking: number,
    tsHi: number,
    tsLo: number,
    refLo: number,
    refHi: number,
    side: number,
    shares: number,
    symbolHigh: number,
    symbolLow: number,
    price: number,
    matchLo: number,
    matchHi: number,
  ): void {
    const p = this.start(L.TYPE_TRADE, L.TRADE_BYTES, locate, tracking, tsHi, tsLo);
    this.#order(p, refLo, refHi, side, shares, symbolHigh, symbolLow, price);
    this.u64(p + L.TRADE_MATCH, matchLo, matchHi);
  }

  /** Q; `crossType` O, C or H. */
  cross(
    locate: number,
    tracking: number,
    tsHi: number,
    tsLo: number,
    sharesLo: number,
    sharesHi: number,
    symbolHigh: number,
    symbolLow: number,
    price: number,
    matchLo: number,
    matchHi: number,
    crossType: number,
  ): void {
    const p = this.start(L.TYPE_CROSS, L.CROSS_BYTES, locate, tracking, tsHi, tsLo);
    this.u64(p + L.CROSS_SHARES, sharesLo, sharesHi);
    this.u64(p + L.CROSS_STOCK, symbolLow, symbolHigh);
    this.data.setUint32(p + L.CROSS_PRICE, price);
    this.u64(p + L.CROSS_MATCH, matchLo, matchHi);
    this.bytes[p + L.CROSS_TYPE] = crossType;
  }

  /** B. */
  broken(
    locate: number,
    tracking: number,
    tsHi: number,
    tsLo: number,
    matchLo: number,
    matchHi: number,
  ): void {
    const p = this.start(L.TYPE_BROKEN, L.BROKEN_BYTES, locate, tracking, tsHi, tsLo);
    this.u64(p + L.BROKEN_MATCH, matchLo, matchHi);
  }

  /** Writes length and header. @returns where the message's type byte lies */
  protected start(
    type: number,
    messageBytes: number,
    locate: number,
    tracking: number,
    tsHi: number,
    tsLo: number,
  ): number {
    const p = this.length + L.BLOCK_HEADER_BYTES;
    const end = p + messageBytes;
    if (end > this.bytes.length) this.#grow(end);
    const data = this.data;
    data.setUint16(p - L.BLOCK_HEADER_BYTES, messageBytes);
    data.setUint8(p, type);
    data.setUint16(p + L.LOCATE, locate);
    data.setUint16(p + L.TRACKING, tracking);
    data.setUint16(p + L.TIMESTAMP, tsHi);
    data.setUint32(p + L.TIMESTAMP + 2, tsLo);
    this.length = end;
    this.messageCount++;
    return p;
  }

  protected u64(at: number, lo: number, hi: number): void {
    this.data.setUint32(at, hi);
    this.data.setUint32(at + 4, lo);
  }

  /** The part that A, F and P share. */
  #order(
    p: number,
    refLo: number,
    refHi: number,
    side: number,
    shares: number,
    symbolHigh: number,
    symbolLow: number,
    price: number,
  ): void {
    const data = this.data;
    data.setUint32(p + L.ORDER_REF, refHi);
    data.setUint32(p + L.ORDER_REF + 4, refLo);
    data.setUint8(p + L.ADD_SIDE, side === 0 ? L.BUY : L.SELL);
    data.setUint32(p + L.ADD_SHARES, shares);
    data.setUint32(p + L.ADD_STOCK, symbolHigh);
    data.setUint32(p + L.ADD_STOCK + 4, symbolLow);
    data.setUint32(p + L.ADD_PRICE, price);
  }

  #grow(needBytes: number): void {
    const bytes = new Uint8Array(Math.max(needBytes, this.bytes.length * 2));
    bytes.set(this.bytes.subarray(0, this.length));
    this.bytes = bytes;
    this.data = new DataView(bytes.buffer);
  }
}
