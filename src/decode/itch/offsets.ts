/**
 * TotalView-ITCH 5.0: where each field lies, in bytes from the message's begin (in a
 * group or component: from the entry's). Beside it stand u unsigned, i signed or text, and the
 * width; e-8 has 8 decimals. Integers are big-endian. Optional ones may hold no value,
 * which is all ones, the smallest of a signed type, or all NUL.
 *
 * Made from layouts/itch-5.0.json by `npm run generate:layouts`; a test keeps it fresh.
 *
 * Source: Nasdaq TotalView-ITCH 5.0 specification, revision
 *   of 19 February 2026, sections 4.1 to 4.8.
 */

// What every message begins with.
export const MESSAGE_TYPE = 0; // text1

// System Event, S
export const TYPE_SYSTEM_EVENT = 0x53;
export const SYSTEM_EVENT_BYTES = 12;
export const LOCATE = 1; // u16
export const TRACKING = 3; // u16
export const TIMESTAMP = 5; // u48
export const EVENT_CODE = 11; // text1

// Stock Directory, R
export const TYPE_DIRECTORY = 0x52;
export const DIRECTORY_BYTES = 39;
export const STOCK = 11; // text8
export const DIRECTORY_MARKET_CATEGORY = 19; // text1
export const DIRECTORY_FINANCIAL_STATUS = 20; // text1
export const DIRECTORY_ROUND_LOT = 21; // u32
export const DIRECTORY_ROUND_LOTS_ONLY = 25; // text1
export const DIRECTORY_ISSUE_CLASSIFICATION = 26; // text1
export const DIRECTORY_ISSUE_SUB_TYPE = 27; // text2
export const DIRECTORY_AUTHENTICITY = 29; // text1
export const DIRECTORY_SHORT_SALE_THRESHOLD = 30; // text1
export const DIRECTORY_IPO_FLAG = 31; // text1
export const DIRECTORY_LULD_TIER = 32; // text1
export const DIRECTORY_ETP_FLAG = 33; // text1
export const DIRECTORY_ETP_LEVERAGE = 34; // u32
export const DIRECTORY_INVERSE = 38; // text1

// Stock Trading Action, H
export const TYPE_TRADING_ACTION = 0x48;
export const TRADING_ACTION_BYTES = 25;
export const TRADING_STATE = 19; // text1
export const TRADING_RESERVED = 20; // pad1, unused
export const TRADING_REASON = 21; // text4

// Reg SHO Short Sale Price Test Restricted Indicator, Y
export const TYPE_REG_SHO = 0x59;
export const REG_SHO_BYTES = 20;
export const REG_SHO_ACTION = 19; // text1

// Market Participant Position, L
export const TYPE_PARTICIPANT = 0x4c;
export const PARTICIPANT_BYTES = 26;
export const PARTICIPANT_MPID = 11; // text4
export const PARTICIPANT_STOCK = 15; // text8
export const PARTICIPANT_PRIMARY = 23; // text1
export const PARTICIPANT_MODE = 24; // text1
export const PARTICIPANT_STATE = 25; // text1

// MWCB Decline Level, V
export const TYPE_MWCB_DECLINE = 0x56;
export const MWCB_DECLINE_BYTES = 35;
export const MWCB_LEVEL_1 = 11; // u64 e-8
export const MWCB_LEVEL_2 = 19; // u64 e-8
export const MWCB_LEVEL_3 = 27; // u64 e-8

// MWCB Status, W
export const TYPE_MWCB_STATUS = 0x57;
export const MWCB_STATUS_BYTES = 12;
export const BREACHED_LEVEL = 11; // text1

// IPO Quoting Period Update, K
export const TYPE_IPO_QUOTING = 0x4b;
export const IPO_QUOTING_BYTES = 28;
export const IPO_RELEASE_TIME = 19; // u32
export const IPO_RELEASE_QUALIFIER = 23; // text1
export const IPO_PRICE = 24; // u32 e-4

// LULD Auction Collar, J
export const TYPE_LULD_COLLAR = 0x4a;
export const LULD_COLLAR_BYTES = 35;
export const COLLAR_REFERENCE = 19; // u32 e-4
export const COLLAR_UPPER = 23; // u32 e-4
export const COLLAR_LOWER = 27; // u32 e-4
export const COLLAR_EXTENSION = 31; // u32

// Operational Halt, h
export const TYPE_OPERATIONAL_HALT = 0x68;
export const OPERATIONAL_HALT_BYTES = 21;
export const HALT_MARKET_CODE = 19; // text1
export const HALT_ACTION = 20; // text1

// Add Order (No MPID), A
export const TYPE_ADD = 0x41;
export const ADD_BYTES = 36;
export const ORDER_REF = 11; // u64
export const ADD_SIDE = 19; // text1
export const ADD_SHARES = 20; // u32
export const ADD_STOCK = 24; // text8
export const ADD_PRICE = 32; // u32 e-4

// Add Order (MPID), F
export const TYPE_ADD_MPID = 0x46;
export const ADD_MPID_BYTES = 40;
export const ADD_ATTRIBUTION = 36; // text4

// Order Executed, E
export const TYPE_EXECUTE = 0x45;
export const EXECUTE_BYTES = 31;
export const EXECUTE_SHARES = 19; // u32
export const EXECUTE_MATCH = 23; // u64

// Order Executed With Price, C
export const TYPE_EXECUTE_PRICE = 0x43;
export const EXECUTE_PRICE_BYTES = 36;
export const EXECUTE_PRINTABLE = 31; // text1
export const EXECUTE_PRICE = 32; // u32 e-4

// Order Cancel, X
export const TYPE_CANCEL = 0x58;
export const CANCEL_BYTES = 23;
export const CANCEL_SHARES = 19; // u32

// Order Delete, D
export const TYPE_DELETE = 0x44;
export const DELETE_BYTES = 19;

// Order Replace, U
export const TYPE_REPLACE = 0x55;
export const REPLACE_BYTES = 35;
export const REPLACE_NEW_REF = 19; // u64
export const REPLACE_SHARES = 27; // u32
export const REPLACE_PRICE = 31; // u32 e-4

// Trade (Non-Cross), P
export const TYPE_TRADE = 0x50;
export const TRADE_BYTES = 44;
export const TRADE_MATCH = 36; // u64

// Cross Trade, Q
export const TYPE_CROSS = 0x51;
export const CROSS_BYTES = 40;
export const CROSS_SHARES = 11; // u64
export const CROSS_STOCK = 19; // text8
export const CROSS_PRICE = 27; // u32 e-4
export const CROSS_MATCH = 31; // u64
export const CROSS_TYPE = 39; // text1

// Broken Trade, B
export const TYPE_BROKEN = 0x42;
export const BROKEN_BYTES = 19;
export const BROKEN_MATCH = 11; // u64

// Net Order Imbalance Indicator, I
export const TYPE_IMBALANCE = 0x49;
export const IMBALANCE_BYTES = 50;
export const IMBALANCE_PAIRED = 11; // u64
export const IMBALANCE_SHARES = 19; // u64
export const IMBALANCE_DIRECTION = 27; // text1
export const IMBALANCE_STOCK = 28; // text8
export const IMBALANCE_FAR = 36; // u32 e-4
export const IMBALANCE_NEAR = 40; // u32 e-4
export const IMBALANCE_REFERENCE = 44; // u32 e-4
export const IMBALANCE_CROSS_TYPE = 48; // text1
export const IMBALANCE_VARIATION = 49; // text1

// Retail Price Improvement Indicator, N
export const TYPE_RETAIL_INTEREST = 0x4e;
export const RETAIL_INTEREST_BYTES = 20;
export const RETAIL_INTEREST_FLAG = 19; // text1

// Direct Listing With Capital Raise Price Discovery, O
export const TYPE_DIRECT_LISTING = 0x4f;
export const DIRECT_LISTING_BYTES = 48;
export const LISTING_STATUS = 19; // text1
export const LISTING_PRICE_MIN = 20; // u32 e-4
export const LISTING_PRICE_MAX = 24; // u32 e-4
export const LISTING_NEAR_PRICE = 28; // u32 e-4
export const LISTING_NEAR_TIME = 32; // u64
export const LISTING_COLLAR_LOW = 40; // u32 e-4
export const LISTING_COLLAR_HIGH = 44; // u32 e-4
