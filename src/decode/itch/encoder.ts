/**
 * Writes all 23 messages of ITCH 5.0, each behind its u16 length. Used by the generator, the
 * LOBSTER
 * converter, the sender and tests. Conventions as in order-writer.ts; single letters are their
 * ASCII code, texts are big-endian words (asciiWord).
 */
import * as L from "./layout.ts";
import { OrderWriter } from "./order-writer.ts";

/** Four bytes of `text` from `at`, padded with spaces on the right, as a big-endian word. */
export function asciiWord(text: string, at = 0): number {
  let word = 0;
  for (let i = at; i < at + 4; i++) {
    const code = i < text.length ? text.charCodeAt(i) & 0xff : 0x20;
    word = (word << 8) | code;
  }
  return word;
}

/** What a Stock Directory message says besides the symbol; letters as ASCII codes. */
export interface DirectoryFields {
  readonly marketCategory: number;
  readonly financialStatus: number;
  /** Shares. */
  readonly roundLot: number;
  readonly roundLotsOnly: number;
  readonly issueClassification: number;
  /** Two letters as a big-endian u16. */
  readonly issueSubType: number;
  readonly authenticity: number;
  readonly shortSaleThreshold: number;
  readonly ipoFlag: number;
  readonly luldTier: number;
  readonly etpFlag: number;
  readonly etpLeverage: number;
  readonly inverse: number;
}

/** A plain common stock. */
export const COMMON_STOCK: DirectoryFields = {
  marketCategory: 0x51, // Q
  financialStatus: 0x4e, // N
  roundLot: 100,
  roundLotsOnly: 0x4e,
  issueClassification: 0x43, // C
  issueSubType: 0x5a20, // "Z "
  authenticity: 0x50, // P
  shortSaleThreshold: 0x4e,
  ipoFlag: 0x4e,
  luldTier: 0x31, // 1
  etpFlag: 0x4e,
  etpLeverage: 0,
  inverse: 0x4e,
};

/** Messages into one growing buffer: those of OrderWriter, and what a day has besides. */
export class ItchWriter extends OrderWriter {
  /** S; `eventCode` O, S, Q, M, E or C. */
  systemEvent(
    locate: number,
    tracking: number,
    tsHi: number,
    tsLo: number,
    eventCode: number,
  ): void {
    const p = this.start(L.TYPE_SYSTEM_EVENT, L.SYSTEM_EVENT_BYTES, locate, tracking, tsHi, tsLo);
    this.bytes[p + L.EVENT_CODE] = eventCode;
  }

  /** R. */
  directory(
    locate: number,
    tracking: number,
    tsHi: number,
    tsLo: number,
    symbolHigh: number,
    symbolLow: number,
    fields: DirectoryFields = COMMON_STOCK,
  ): void {
    const p = this.start(L.TYPE_DIRECTORY, L.DIRECTORY_BYTES, locate, tracking, tsHi, tsLo);
    const { bytes } = this;
    this.u64(p + L.STOCK, symbolLow, symbolHigh);
    bytes[p + L.DIRECTORY_MARKET_CATEGORY] = fields.marketCategory;
    bytes[p + L.DIRECTORY_FINANCIAL_STATUS] = fields.financialStatus;
    this.data.setUint32(p + L.DIRECTORY_ROUND_LOT, fields.roundLot);
    bytes[p + L.DIRECTORY_ROUND_LOTS_ONLY] = fields.roundLotsOnly;
    bytes[p + L.DIRECTORY_ISSUE_CLASSIFICATION] = fields.issueClassification;
    this.data.setUint16(p + L.DIRECTORY_ISSUE_SUB_TYPE, fields.issueSubType);
    bytes[p + L.DIRECTORY_AUTHENTICITY] = fields.authenticity;
    bytes[p + L.DIRECTORY_SHORT_SALE_THRESHOLD] = fields.shortSaleThreshold;
    bytes[p + L.DIRECTORY_IPO_FLAG] = fields.ipoFlag;
    bytes[p + L.DIRECTORY_LULD_TIER] = fields.luldTier;
    bytes[p + L.DIRECTORY_ETP_FLAG] = fields.etpFlag;
    this.data.setUint32(p + L.DIRECTORY_ETP_LEVERAGE, fields.etpLeverage);
    bytes[p + L.DIRECTORY_INVERSE] = fields.inverse;
  }

  /** H; `state` H, P, Q or T; `reason` four letters as a word. */
  tradingAction(
    locate: number,
    tracking: number,
    tsHi: number,
    tsLo: number,
    symbolHigh: number,
    symbolLow: number,
    state: number,
    reason: number,
  ): void {
    const p = this.start(
      L.TYPE_TRADING_ACTION,
      L.TRADING_ACTION_BYTES,
      locate,
      tracking,
      tsHi,
      tsLo,
    );
    this.u64(p + L.STOCK, symbolLow, symbolHigh);
    this.bytes[p + L.TRADING_STATE] = state;
    this.bytes[p + L.TRADING_RESERVED] = 0x20;
    this.data.setUint32(p + L.TRADING_REASON, reason);
  }

  /** Y; `action` 0, 1 or 2 as ASCII. */
  regSho(
    locate: number,
    tracking: number,
    tsHi: number,
    tsLo: number,
    symbolHigh: number,
    symbolLow: number,
    action: number,
  ): void {
    const p = this.start(L.TYPE_REG_SHO, L.REG_SHO_BYTES, locate, tracking, tsHi, tsLo);
    this.u64(p + L.STOCK, symbolLow, symbolHigh);
    this.bytes[p + L.REG_SHO_ACTION] = action;
  }

  /** L. */
  participant(
    locate: number,
    tracking: number,
    tsHi: number,
    tsLo: number,
    mpid: number,
    symbolHigh: number,
    symbolLow: number,
    primary: number,
    mode: number,
    state: number,
  ): void {
    const p = this.start(L.TYPE_PARTICIPANT, L.PARTICIPANT_BYTES, locate, tracking, tsHi, tsLo);
    this.data.setUint32(p + L.PARTICIPANT_MPID, mpid);
    this.u64(p + L.PARTICIPANT_STOCK, symbolLow, symbolHigh);
    this.bytes[p + L.PARTICIPANT_PRIMARY] = primary;
    this.bytes[p + L.PARTICIPANT_MODE] = mode;
    this.bytes[p + L.PARTICIPANT_STATE] = state;
  }

  /** V: three prices with 8 decimals, as halves. */
  mwcbDecline(
    locate: number,
    tracking: number,
    tsHi: number,
    tsLo: number,
    level1Lo: number,
    level1Hi: number,
    level2Lo: number,
    level2Hi: number,
    level3Lo: number,
    level3Hi: number,
  ): void {
    const p = this.start(L.TYPE_MWCB_DECLINE, L.MWCB_DECLINE_BYTES, locate, tracking, tsHi, tsLo);
    this.u64(p + L.MWCB_LEVEL_1, level1Lo, level1Hi);
    this.u64(p + L.MWCB_LEVEL_2, level2Lo, level2Hi);
    this.u64(p + L.MWCB_LEVEL_3, level3Lo, level3Hi);
  }

  /** W; `level` 1, 2 or 3 as ASCII. */
  mwcbStatus(locate: number, tracking: number, tsHi: number, tsLo: number, level: number): void {
    const p = this.start(L.TYPE_MWCB_STATUS, L.MWCB_STATUS_BYTES, locate, tracking, tsHi, tsLo);
    this.bytes[p + L.BREACHED_LEVEL] = level;
  }

  /** K; `releaseTime` in seconds since midnight. */
  ipoQuoting(
    locate: number,
    tracking: number,
    tsHi: number,
    tsLo: number,
    symbolHigh: number,
    symbolLow: number,
    releaseTime: number,
    qualifier: number,
    price: number,
  ): void {
    const p = this.start(L.TYPE_IPO_QUOTING, L.IPO_QUOTING_BYTES, locate, tracking, tsHi, tsLo);
    this.u64(p + L.STOCK, symbolLow, symbolHigh);
    this.data.setUint32(p + L.IPO_RELEASE_TIME, releaseTime);
    this.bytes[p + L.IPO_RELEASE_QUALIFIER] = qualifier;
    this.data.setUint32(p + L.IPO_PRICE, price);
  }

  /** J. */
  luldCollar(
    locate: number,
    tracking: number,
    tsHi: number,
    tsLo: number,
    symbolHigh: number,
    symbolLow: number,
    reference: number,
    upper: number,
    lower: number,
    extension: number,
  ): void {
    const p = this.start(L.TYPE_LULD_COLLAR, L.LULD_COLLAR_BYTES, locate, tracking, tsHi, tsLo);
    this.u64(p + L.STOCK, symbolLow, symbolHigh);
    this.data.setUint32(p + L.COLLAR_REFERENCE, reference);
    this.data.setUint32(p + L.COLLAR_UPPER, upper);
    this.data.setUint32(p + L.COLLAR_LOWER, lower);
    this.data.setUint32(p + L.COLLAR_EXTENSION, extension);
  }

  /** h. */
  operationalHalt(
    locate: number,
    tracking: number,
    tsHi: number,
    tsLo: number,
    symbolHigh: number,
    symbolLow: number,
    marketCode: number,
    action: number,
  ): void {
    const bytes = L.OPERATIONAL_HALT_BYTES;
    const p = this.start(L.TYPE_OPERATIONAL_HALT, bytes, locate, tracking, tsHi, tsLo);
    this.u64(p + L.STOCK, symbolLow, symbolHigh);
    this.bytes[p + L.HALT_MARKET_CODE] = marketCode;
    this.bytes[p + L.HALT_ACTION] = action;
  }

  /** I; shares as halves. */
  imbalance(
    locate: number,
    tracking: number,
    tsHi: number,
    tsLo: number,
    pairedLo: number,
    pairedHi: number,
    imbalanceLo: number,
    imbalanceHi: number,
    direction: number,
    symbolHigh: number,
    symbolLow: number,
    far: number,
    near: number,
    reference: number,
    crossType: number,
    variation: number,
  ): void {
    const p = this.start(L.TYPE_IMBALANCE, L.IMBALANCE_BYTES, locate, tracking, tsHi, tsLo);
    this.u64(p + L.IMBALANCE_PAIRED, pairedLo, pairedHi);
    this.u64(p + L.IMBALANCE_SHARES, imbalanceLo, imbalanceHi);
    this.bytes[p + L.IMBALANCE_DIRECTION] = direction;
    this.u64(p + L.IMBALANCE_STOCK, symbolLow, symbolHigh);
    this.data.setUint32(p + L.IMBALANCE_FAR, far);
    this.data.setUint32(p + L.IMBALANCE_NEAR, near);
    this.data.setUint32(p + L.IMBALANCE_REFERENCE, reference);
    this.bytes[p + L.IMBALANCE_CROSS_TYPE] = crossType;
    this.bytes[p + L.IMBALANCE_VARIATION] = variation;
  }

  /** N; `interest` B, S, A or N. */
  retailInterest(
    locate: number,
    tracking: number,
    tsHi: number,
    tsLo: number,
    symbolHigh: number,
    symbolLow: number,
    interest: number,
  ): void {
    const bytes = L.RETAIL_INTEREST_BYTES;
    const p = this.start(L.TYPE_RETAIL_INTEREST, bytes, locate, tracking, tsHi, tsLo);
    this.u64(p + L.STOCK, symbolLow, symbolHigh);
    this.bytes[p + L.RETAIL_INTEREST_FLAG] = interest;
  }

  /** O; `nearTime` as halves. */
  directListing(
    locate: number,
    tracking: number,
    tsHi: number,
    tsLo: number,
    symbolHigh: number,
    symbolLow: number,
    openStatus: number,
    priceMin: number,
    priceMax: number,
    nearPrice: number,
    nearTimeLo: number,
    nearTimeHi: number,
    collarLow: number,
    collarHigh: number,
  ): void {
    const bytes = L.DIRECT_LISTING_BYTES;
    const p = this.start(L.TYPE_DIRECT_LISTING, bytes, locate, tracking, tsHi, tsLo);
    this.u64(p + L.STOCK, symbolLow, symbolHigh);
    this.bytes[p + L.LISTING_STATUS] = openStatus;
    this.data.setUint32(p + L.LISTING_PRICE_MIN, priceMin);
    this.data.setUint32(p + L.LISTING_PRICE_MAX, priceMax);
    this.data.setUint32(p + L.LISTING_NEAR_PRICE, nearPrice);
    this.u64(p + L.LISTING_NEAR_TIME, nearTimeLo, nearTimeHi);
    this.data.setUint32(p + L.LISTING_COLLAR_LOW, collarLow);
    this.data.setUint32(p + L.LISTING_COLLAR_HIGH, collarHigh);
  }
}
