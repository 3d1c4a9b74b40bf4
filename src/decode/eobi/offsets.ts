/**
 * EOBI 14.1: where each field lies, in bytes from the message's begin (in a
 * group or component: from the entry's). Beside it stand u unsigned, i signed or text, and the
 * width; e-8 has 8 decimals. Integers are little-endian. Optional ones may hold no value,
 * which is all ones, the smallest of a signed type, or all NUL.
 *
 * Made from layouts/eobi-14.1.json by `npm run generate:layouts`; a test keeps it fresh.
 *
 * Source: Deutsche Börse, T7 Enhanced Order Book Interface,
 *   machine-readable layouts (XML).
 * Build: 141.420.0.ga-141004040-68
 */

// What every message begins with.
export const BODY_LEN = 0; // u16
export const TEMPLATE_ID = 2; // u16
export const MSG_SEQ_NUM = 4; // u32

// Heartbeat, 13001
export const HEARTBEAT_TEMPLATE = 13001;
export const HEARTBEAT_BYTES = 16;
export const HEARTBEAT_LAST_MSG_SEQ_NUM_PROCESSED = 8; // u32

// PacketHeader, 13002
export const PACKET_HEADER_TEMPLATE = 13002;
export const PACKET_HEADER_BYTES = 32;
export const PACKET_HEADER_APPL_SEQ_NUM = 8; // u32
export const PACKET_HEADER_MARKET_SEGMENT_ID = 12; // i32
export const PACKET_HEADER_PARTITION_ID = 16; // u8
export const PACKET_HEADER_COMPLETION_INDICATOR = 17; // u8
export const PACKET_HEADER_APPL_SEQ_RESET_INDICATOR = 18; // u8
export const PACKET_HEADER_DSCP = 19; // u8, optional
export const PACKET_HEADER_TRANSACT_TIME = 24; // u64

// OrderAdd, 13100
export const ORDER_ADD_TEMPLATE = 13100;
export const ORDER_ADD_BYTES = 56;
export const ORDER_ADD_REQUEST_TIME = 8; // u64, optional
export const ORDER_ADD_SECURITY_ID = 16; // i64
export const ORDER_ADD_ORDER_DETAILS = 24; // component
export const ORDER_DETAILS_ENTRY_BYTES = 32;
export const ORDER_DETAILS_TRD_REG_TS_TIME_PRIORITY = 0; // u64
export const ORDER_DETAILS_DISPLAY_QTY = 8; // i64 e-4
export const ORDER_DETAILS_SIDE = 16; // u8
export const ORDER_DETAILS_ORD_TYPE = 17; // u8, optional
export const ORDER_DETAILS_HHI_INDICATOR = 18; // i8, optional
export const ORDER_DETAILS_PRICE = 24; // i64 e-8, optional

// OrderModify, 13101
export const ORDER_MODIFY_TEMPLATE = 13101;
export const ORDER_MODIFY_BYTES = 88;
export const ORDER_MODIFY_REQUEST_TIME = 8; // u64
export const ORDER_MODIFY_TRD_REG_TS_PREV_TIME_PRIORITY = 16; // u64
export const ORDER_MODIFY_PREV_PRICE = 24; // i64 e-8, optional
export const ORDER_MODIFY_PREV_DISPLAY_QTY = 32; // i64 e-4
export const ORDER_MODIFY_SECURITY_ID = 40; // i64
export const ORDER_MODIFY_ORDER_DETAILS = 48; // component
export const ORDER_MODIFY_PREV_PRICE_HHI_INDICATOR = 80; // i8, optional

// OrderDelete, 13102
export const ORDER_DELETE_TEMPLATE = 13102;
export const ORDER_DELETE_BYTES = 64;
export const ORDER_DELETE_REQUEST_TIME = 8; // u64, optional
export const ORDER_DELETE_TRANSACT_TIME = 16; // u64
export const ORDER_DELETE_SECURITY_ID = 24; // i64
export const ORDER_DELETE_ORDER_DETAILS = 32; // component

// OrderMassDelete, 13103
export const ORDER_MASS_DELETE_TEMPLATE = 13103;
export const ORDER_MASS_DELETE_BYTES = 24;
export const ORDER_MASS_DELETE_SECURITY_ID = 8; // i64
export const ORDER_MASS_DELETE_TRANSACT_TIME = 16; // u64

// FullOrderExecution, 13104
export const FULL_ORDER_EXECUTION_TEMPLATE = 13104;
export const FULL_ORDER_EXECUTION_BYTES = 56;
export const FULL_ORDER_EXECUTION_SIDE = 8; // u8
export const FULL_ORDER_EXECUTION_ORD_TYPE = 9; // u8, optional
export const FULL_ORDER_EXECUTION_ALGORITHMIC_TRADE_INDICATOR = 10; // u8, optional
export const FULL_ORDER_EXECUTION_HHI_INDICATOR = 11; // i8, optional
export const FULL_ORDER_EXECUTION_TRD_MATCH_ID = 12; // u32
export const FULL_ORDER_EXECUTION_PRICE = 16; // i64 e-8, optional
export const FULL_ORDER_EXECUTION_TRD_REG_TS_TIME_PRIORITY = 24; // u64
export const FULL_ORDER_EXECUTION_SECURITY_ID = 32; // i64
export const FULL_ORDER_EXECUTION_LAST_QTY = 40; // i64 e-4
export const FULL_ORDER_EXECUTION_LAST_PX = 48; // i64 e-8

// PartialOrderExecution, 13105
export const PARTIAL_ORDER_EXECUTION_TEMPLATE = 13105;
export const PARTIAL_ORDER_EXECUTION_BYTES = 56;
export const PARTIAL_ORDER_EXECUTION_SIDE = 8; // u8
export const PARTIAL_ORDER_EXECUTION_ORD_TYPE = 9; // u8, optional
export const PARTIAL_ORDER_EXECUTION_ALGORITHMIC_TRADE_INDICATOR = 10; // u8, optional
export const PARTIAL_ORDER_EXECUTION_HHI_INDICATOR = 11; // i8, optional
export const PARTIAL_ORDER_EXECUTION_TRD_MATCH_ID = 12; // u32
export const PARTIAL_ORDER_EXECUTION_PRICE = 16; // i64 e-8, optional
export const PARTIAL_ORDER_EXECUTION_TRD_REG_TS_TIME_PRIORITY = 24; // u64
export const PARTIAL_ORDER_EXECUTION_SECURITY_ID = 32; // i64
export const PARTIAL_ORDER_EXECUTION_LAST_QTY = 40; // i64 e-4
export const PARTIAL_ORDER_EXECUTION_LAST_PX = 48; // i64 e-8

// OrderModifySamePrio, 13106
export const ORDER_MODIFY_SAME_PRIO_TEMPLATE = 13106;
export const ORDER_MODIFY_SAME_PRIO_BYTES = 72;
export const ORDER_MODIFY_SAME_PRIO_REQUEST_TIME = 8; // u64, optional
export const ORDER_MODIFY_SAME_PRIO_TRANSACT_TIME = 16; // u64
export const ORDER_MODIFY_SAME_PRIO_PREV_DISPLAY_QTY = 24; // i64 e-4
export const ORDER_MODIFY_SAME_PRIO_SECURITY_ID = 32; // i64
export const ORDER_MODIFY_SAME_PRIO_ORDER_DETAILS = 40; // component

// TradeReversal, 13200
export const TRADE_REVERSAL_TEMPLATE = 13200;
export const TRADE_REVERSAL_BYTES = 488;
export const TRADE_REVERSAL_SECURITY_ID = 8; // i64
export const TRADE_REVERSAL_TRANSACT_TIME = 16; // u64
export const TRADE_REVERSAL_LAST_QTY = 24; // i64 e-4
export const TRADE_REVERSAL_LAST_PX = 32; // i64 e-8
export const TRADE_REVERSAL_TRD_REG_TS_EXECUTION_TIME = 40; // u64, optional
export const TRADE_REVERSAL_TRD_MATCH_ID = 48; // u32
export const TRADE_REVERSAL_TRADE_CONDITION = 52; // u16, optional
export const TRADE_REVERSAL_MD_ORIGIN_TYPE = 54; // u8, optional
export const TRADE_REVERSAL_NO_MD_ENTRIES = 55; // u8
export const TRADE_REVERSAL_MD_TRADE_ENTRY_GRP = 56; // 18 at most
export const MD_TRADE_ENTRY_GRP_ENTRY_BYTES = 24;
export const MD_TRADE_ENTRY_GRP_MD_ENTRY_PX = 0; // i64 e-8, optional
export const MD_TRADE_ENTRY_GRP_MD_ENTRY_SIZE = 8; // i64 e-4, optional
export const MD_TRADE_ENTRY_GRP_MD_ENTRY_TYPE = 16; // u8

// TradeReport, 13201
export const TRADE_REPORT_TEMPLATE = 13201;
export const TRADE_REPORT_BYTES = 56;
export const TRADE_REPORT_SECURITY_ID = 8; // i64
export const TRADE_REPORT_TRANSACT_TIME = 16; // u64
export const TRADE_REPORT_LAST_QTY = 24; // i64 e-4
export const TRADE_REPORT_LAST_PX = 32; // i64 e-8
export const TRADE_REPORT_TRD_MATCH_ID = 40; // u32, optional
export const TRADE_REPORT_MATCH_TYPE = 44; // u8, optional
export const TRADE_REPORT_MATCH_SUB_TYPE = 45; // u8, optional
export const TRADE_REPORT_ALGORITHMIC_TRADE_INDICATOR = 46; // u8, optional
export const TRADE_REPORT_TRADE_CONDITION = 48; // u16, optional

// ExecutionSummary, 13202
export const EXECUTION_SUMMARY_TEMPLATE = 13202;
export const EXECUTION_SUMMARY_BYTES = 104;
export const EXECUTION_SUMMARY_SECURITY_ID = 8; // i64
export const EXECUTION_SUMMARY_REQUEST_TIME = 16; // u64, optional
export const EXECUTION_SUMMARY_EXEC_ID = 24; // u64
export const EXECUTION_SUMMARY_LAST_QTY = 32; // i64 e-4
export const EXECUTION_SUMMARY_AGGRESSOR_SIDE = 40; // u8, optional
export const EXECUTION_SUMMARY_TRADE_CONDITION = 42; // u16, optional
export const EXECUTION_SUMMARY_TRADING_HHI_INDICATOR = 44; // u8, optional
export const EXECUTION_SUMMARY_LAST_PX = 48; // i64 e-8
export const EXECUTION_SUMMARY_REMAINING_ORDER_DETAILS = 56; // component
export const REMAINING_ORDER_DETAILS_ENTRY_BYTES = 24;
export const REMAINING_ORDER_DETAILS_TRD_REG_TS_PREV_TIME_PRIORITY = 0; // u64, optional
export const REMAINING_ORDER_DETAILS_DISPLAY_QTY = 8; // i64 e-4, optional
export const REMAINING_ORDER_DETAILS_PRICE = 16; // i64 e-8, optional
export const EXECUTION_SUMMARY_RESTING_HIDDEN_QTY = 80; // i64 e-4, optional
export const EXECUTION_SUMMARY_RESTING_CXL_QTY = 88; // i64 e-4
export const EXECUTION_SUMMARY_AGGRESSOR_TIME = 96; // u64, optional

// TESTradeReport, 13203
export const TES_TRADE_REPORT_TEMPLATE = 13203;
export const TES_TRADE_REPORT_BYTES = 80;
export const TES_TRADE_REPORT_SECURITY_ID = 8; // i64
export const TES_TRADE_REPORT_TRANSACT_TIME = 16; // u64
export const TES_TRADE_REPORT_LAST_QTY = 24; // i64 e-4, optional
export const TES_TRADE_REPORT_LAST_PX = 32; // i64 e-8, optional
export const TES_TRADE_REPORT_TRD_MATCH_ID = 40; // u32, optional
export const TES_TRADE_REPORT_TRD_TYPE = 44; // u16, optional
export const TES_TRADE_REPORT_TRADE_CONDITION = 46; // u16, optional
export const TES_TRADE_REPORT_MULTI_LEG_REPORTING_TYPE = 48; // u8, optional
export const TES_TRADE_REPORT_MULTI_LEG_PRICE_MODEL = 49; // u8, optional
export const TES_TRADE_REPORT_NON_DISCLOSED_TRADE_VOLUME = 56; // i64 e-4, optional
export const TES_TRADE_REPORT_TRANS_BKD_TIME = 64; // u64, optional
export const TES_TRADE_REPORT_NUMBER_OF_BUY_SIDES = 72; // u16, optional
export const TES_TRADE_REPORT_NUMBER_OF_SELL_SIDES = 74; // u16, optional

// ProductStateChange, 13300
export const PRODUCT_STATE_CHANGE_TEMPLATE = 13300;
export const PRODUCT_STATE_CHANGE_BYTES = 24;
export const PRODUCT_STATE_CHANGE_TRADING_SESSION_ID = 8; // u8
export const PRODUCT_STATE_CHANGE_TRADING_SESSION_SUB_ID = 9; // u8
export const PRODUCT_STATE_CHANGE_TRAD_SES_STATUS = 10; // u8
export const PRODUCT_STATE_CHANGE_MARKET_CONDITION = 11; // u8, optional
export const PRODUCT_STATE_CHANGE_FAST_MARKET_INDICATOR = 12; // u8
export const PRODUCT_STATE_CHANGE_TES_TRAD_SES_STATUS = 13; // u8, optional
export const PRODUCT_STATE_CHANGE_TRANSACT_TIME = 16; // u64

// InstrumentStateChange, 13301
export const INSTRUMENT_STATE_CHANGE_TEMPLATE = 13301;
export const INSTRUMENT_STATE_CHANGE_BYTES = 56;
export const INSTRUMENT_STATE_CHANGE_SECURITY_ID = 8; // i64
export const INSTRUMENT_STATE_CHANGE_SECURITY_STATUS = 16; // u8
export const INSTRUMENT_STATE_CHANGE_SECURITY_TRADING_STATUS = 17; // u8, optional
export const INSTRUMENT_STATE_CHANGE_MARKET_CONDITION = 18; // u8
export const INSTRUMENT_STATE_CHANGE_FAST_MARKET_INDICATOR = 19; // u8
export const INSTRUMENT_STATE_CHANGE_SECURITY_TRADING_EVENT = 20; // u8, optional
export const INSTRUMENT_STATE_CHANGE_SOLD_OUT_INDICATOR = 21; // u8, optional
export const INSTRUMENT_STATE_CHANGE_HIGH_PX = 24; // i64 e-8, optional
export const INSTRUMENT_STATE_CHANGE_LOW_PX = 32; // i64 e-8, optional
export const INSTRUMENT_STATE_CHANGE_TRANSACT_TIME = 40; // u64
export const INSTRUMENT_STATE_CHANGE_TES_SECURITY_STATUS = 48; // u8, optional

// MassInstrumentStateChange, 13302
export const MASS_INSTRUMENT_STATE_CHANGE_TEMPLATE = 13302;
export const MASS_INSTRUMENT_STATE_CHANGE_BYTES = 800;
export const MASS_INSTRUMENT_STATE_CHANGE_INSTRUMENT_SCOPE_PRODUCT_COMPLEX = 8; // u8
export const MASS_INSTRUMENT_STATE_CHANGE_SECURITY_MASS_STATUS = 9; // u8
export const MASS_INSTRUMENT_STATE_CHANGE_SECURITY_MASS_TRADING_STATUS = 10; // u8, optional
export const MASS_INSTRUMENT_STATE_CHANGE_MASS_MARKET_CONDITION = 11; // u8
export const MASS_INSTRUMENT_STATE_CHANGE_FAST_MARKET_INDICATOR = 12; // u8
export const MASS_INSTRUMENT_STATE_CHANGE_SECURITY_MASS_TRADING_EVENT = 13; // u8, optional
export const MASS_INSTRUMENT_STATE_CHANGE_MASS_SOLD_OUT_INDICATOR = 14; // u8, optional
export const MASS_INSTRUMENT_STATE_CHANGE_TES_SECURITY_MASS_STATUS = 15; // u8, optional
export const MASS_INSTRUMENT_STATE_CHANGE_TRANSACT_TIME = 16; // u64
export const MASS_INSTRUMENT_STATE_CHANGE_LAST_FRAGMENT = 24; // u8
export const MASS_INSTRUMENT_STATE_CHANGE_NO_RELATED_SYM = 25; // u8
export const MASS_INSTRUMENT_STATE_CHANGE_SEC_MASS_STAT_GRP = 32; // 24 at most
export const SEC_MASS_STAT_GRP_ENTRY_BYTES = 32;
export const SEC_MASS_STAT_GRP_SECURITY_ID = 0; // i64
export const SEC_MASS_STAT_GRP_HIGH_PX = 8; // i64 e-8, optional
export const SEC_MASS_STAT_GRP_LOW_PX = 16; // i64 e-8, optional
export const SEC_MASS_STAT_GRP_SECURITY_STATUS = 24; // u8
export const SEC_MASS_STAT_GRP_SECURITY_TRADING_STATUS = 25; // u8, optional
export const SEC_MASS_STAT_GRP_MARKET_CONDITION = 26; // u8
export const SEC_MASS_STAT_GRP_SECURITY_TRADING_EVENT = 27; // u8, optional
export const SEC_MASS_STAT_GRP_SOLD_OUT_INDICATOR = 28; // u8, optional
export const SEC_MASS_STAT_GRP_TES_SECURITY_STATUS = 29; // u8, optional

// AddComplexInstrument, 13400
export const ADD_COMPLEX_INSTRUMENT_TEMPLATE = 13400;
export const ADD_COMPLEX_INSTRUMENT_BYTES = 880;
export const ADD_COMPLEX_INSTRUMENT_SECURITY_ID = 8; // i64
export const ADD_COMPLEX_INSTRUMENT_TRANSACT_TIME = 16; // u64
export const ADD_COMPLEX_INSTRUMENT_SECURITY_DESC = 24; // text40
export const ADD_COMPLEX_INSTRUMENT_SECURITY_SUB_TYPE = 64; // i32, optional
export const ADD_COMPLEX_INSTRUMENT_PRODUCT_COMPLEX = 68; // u8
export const ADD_COMPLEX_INSTRUMENT_IMPLIED_MARKET_INDICATOR = 69; // u8
export const ADD_COMPLEX_INSTRUMENT_QUANTITY_SCALING_FACTOR = 70; // u16, optional
export const ADD_COMPLEX_INSTRUMENT_LEG_RATIO_MULTIPLIER = 72; // u32, optional
export const ADD_COMPLEX_INSTRUMENT_NO_LEGS = 76; // u8
export const ADD_COMPLEX_INSTRUMENT_LAST_FRAGMENT = 79; // u8
export const ADD_COMPLEX_INSTRUMENT_INSTRMT_LEG_GRP = 80; // 20 at most
export const INSTRMT_LEG_GRP_ENTRY_BYTES = 40;
export const INSTRMT_LEG_GRP_LEG_SYMBOL = 0; // i32
export const INSTRMT_LEG_GRP_LEG_SECURITY_ID = 8; // i64
export const INSTRMT_LEG_GRP_LEG_PRICE = 16; // i64 e-8, optional
export const INSTRMT_LEG_GRP_LEG_RATIO_QTY = 24; // i32
export const INSTRMT_LEG_GRP_LEG_SECURITY_TYPE = 28; // u8
export const INSTRMT_LEG_GRP_LEG_SIDE = 29; // u8
export const INSTRMT_LEG_GRP_RELATED_PRICE_TYPE = 30; // u8, optional
export const INSTRMT_LEG_GRP_TRADING_STYLE = 31; // u8, optional
export const INSTRMT_LEG_GRP_RELATED_PRICE = 32; // i64 e-8, optional

// AddFlexibleInstrument, 13401
export const ADD_FLEXIBLE_INSTRUMENT_TEMPLATE = 13401;
export const ADD_FLEXIBLE_INSTRUMENT_BYTES = 96;
export const ADD_FLEXIBLE_INSTRUMENT_SECURITY_ID = 8; // i64
export const ADD_FLEXIBLE_INSTRUMENT_TRANSACT_TIME = 16; // u64
export const ADD_FLEXIBLE_INSTRUMENT_SECURITY_DESC = 24; // text40
export const ADD_FLEXIBLE_INSTRUMENT_SECURITY_TYPE = 64; // u8
export const ADD_FLEXIBLE_INSTRUMENT_PUT_OR_CALL = 65; // u8, optional
export const ADD_FLEXIBLE_INSTRUMENT_EXERCISE_STYLE = 66; // u8, optional
export const ADD_FLEXIBLE_INSTRUMENT_SETTL_METHOD = 67; // u8
export const ADD_FLEXIBLE_INSTRUMENT_MATURITY_DATE = 68; // u32
export const ADD_FLEXIBLE_INSTRUMENT_STRIKE_PRICE = 72; // i64 e-8, optional
export const ADD_FLEXIBLE_INSTRUMENT_OPT_ATTRIBUTE = 80; // u32, optional
export const ADD_FLEXIBLE_INSTRUMENT_CONTRACT_DATE = 84; // u32
export const ADD_FLEXIBLE_INSTRUMENT_SECURITY_REFERENCE_DATA_SUPPLEMENT = 88; // u32

// AddScaledSimpleInstrument, 13402
export const ADD_SCALED_SIMPLE_INSTRUMENT_TEMPLATE = 13402;
export const ADD_SCALED_SIMPLE_INSTRUMENT_BYTES = 80;
export const ADD_SCALED_SIMPLE_INSTRUMENT_SECURITY_ID = 8; // i64
export const ADD_SCALED_SIMPLE_INSTRUMENT_TRANSACT_TIME = 16; // u64
export const ADD_SCALED_SIMPLE_INSTRUMENT_SECURITY_DESC = 24; // text40
export const ADD_SCALED_SIMPLE_INSTRUMENT_SECURITY_TYPE = 64; // u8
export const ADD_SCALED_SIMPLE_INSTRUMENT_QUANTITY_SCALING_FACTOR = 66; // u16
export const ADD_SCALED_SIMPLE_INSTRUMENT_RELATED_INSTRUMENT_GRP = 72; // component
export const RELATED_INSTRUMENT_GRP_ENTRY_BYTES = 8;
export const RELATED_INSTRUMENT_GRP_RELATED_SECURITY_ID = 0; // i64

// AuctionBBO, 13500
export const AUCTION_BBO_TEMPLATE = 13500;
export const AUCTION_BBO_BYTES = 64;
export const AUCTION_BBO_TRANSACT_TIME = 8; // u64
export const AUCTION_BBO_SECURITY_ID = 16; // i64
export const AUCTION_BBO_BID_PX = 24; // i64 e-8, optional
export const AUCTION_BBO_OFFER_PX = 32; // i64 e-8, optional
export const AUCTION_BBO_BID_SIZE = 40; // i64 e-4, optional
export const AUCTION_BBO_OFFER_SIZE = 48; // i64 e-4, optional
export const AUCTION_BBO_POTENTIAL_SECURITY_TRADING_EVENT = 56; // u8, optional
export const AUCTION_BBO_BID_ORD_TYPE = 57; // u8, optional
export const AUCTION_BBO_OFFER_ORD_TYPE = 58; // u8, optional

// AuctionClearingPrice, 13501
export const AUCTION_CLEARING_PRICE_TEMPLATE = 13501;
export const AUCTION_CLEARING_PRICE_BYTES = 56;
export const AUCTION_CLEARING_PRICE_TRANSACT_TIME = 8; // u64
export const AUCTION_CLEARING_PRICE_SECURITY_ID = 16; // i64
export const AUCTION_CLEARING_PRICE_LAST_PX = 24; // i64 e-8
export const AUCTION_CLEARING_PRICE_LAST_QTY = 32; // i64 e-4, optional
export const AUCTION_CLEARING_PRICE_IMBALANCE_QTY = 40; // i64 e-4, optional
export const AUCTION_CLEARING_PRICE_SECURITY_TRADING_STATUS = 48; // u8, optional
export const AUCTION_CLEARING_PRICE_POTENTIAL_SECURITY_TRADING_EVENT = 49; // u8, optional

// CrossRequest, 13502
export const CROSS_REQUEST_TEMPLATE = 13502;
export const CROSS_REQUEST_BYTES = 48;
export const CROSS_REQUEST_SECURITY_ID = 8; // i64
export const CROSS_REQUEST_LAST_PX = 16; // i64 e-8, optional
export const CROSS_REQUEST_LAST_QTY = 24; // i64 e-4, optional
export const CROSS_REQUEST_SIDE = 32; // u8, optional
export const CROSS_REQUEST_CROSS_REQUEST_TYPE = 33; // u8
export const CROSS_REQUEST_INPUT_SOURCE = 34; // u8, optional
export const CROSS_REQUEST_TRANSACT_TIME = 40; // u64

// QuoteRequest, 13503
export const QUOTE_REQUEST_TEMPLATE = 13503;
export const QUOTE_REQUEST_BYTES = 40;
export const QUOTE_REQUEST_SECURITY_ID = 8; // i64
export const QUOTE_REQUEST_LAST_QTY = 16; // i64 e-4, optional
export const QUOTE_REQUEST_SIDE = 24; // u8, optional
export const QUOTE_REQUEST_TRANSACT_TIME = 32; // u64

// TopOfBook, 13504
export const TOP_OF_BOOK_TEMPLATE = 13504;
export const TOP_OF_BOOK_BYTES = 64;
export const TOP_OF_BOOK_TRANSACT_TIME = 8; // u64
export const TOP_OF_BOOK_SECURITY_ID = 16; // i64
export const TOP_OF_BOOK_BID_PX = 24; // i64 e-8, optional
export const TOP_OF_BOOK_OFFER_PX = 32; // i64 e-8, optional
export const TOP_OF_BOOK_BID_SIZE = 40; // i64 e-4, optional
export const TOP_OF_BOOK_OFFER_SIZE = 48; // i64 e-4, optional
export const TOP_OF_BOOK_NUMBER_OF_BUY_ORDERS = 56; // u16, optional
export const TOP_OF_BOOK_NUMBER_OF_SELL_ORDERS = 58; // u16, optional

// ProductSummary, 13600
export const PRODUCT_SUMMARY_TEMPLATE = 13600;
export const PRODUCT_SUMMARY_BYTES = 24;
export const PRODUCT_SUMMARY_LAST_MSG_SEQ_NUM_PROCESSED = 8; // u32
export const PRODUCT_SUMMARY_TRADING_SESSION_ID = 12; // u8, optional
export const PRODUCT_SUMMARY_TRADING_SESSION_SUB_ID = 13; // u8, optional
export const PRODUCT_SUMMARY_TRAD_SES_STATUS = 14; // u8, optional
export const PRODUCT_SUMMARY_MARKET_CONDITION = 15; // u8, optional
export const PRODUCT_SUMMARY_FAST_MARKET_INDICATOR = 16; // u8
export const PRODUCT_SUMMARY_TES_TRAD_SES_STATUS = 17; // u8, optional

// InstrumentSummary, 13601
export const INSTRUMENT_SUMMARY_TEMPLATE = 13601;
export const INSTRUMENT_SUMMARY_BYTES = 640;
export const INSTRUMENT_SUMMARY_SECURITY_ID = 8; // i64
export const INSTRUMENT_SUMMARY_LAST_UPDATE_TIME = 16; // u64
export const INSTRUMENT_SUMMARY_TRD_REG_TS_EXECUTION_TIME = 24; // u64, optional
export const INSTRUMENT_SUMMARY_TOT_NO_ORDERS = 32; // u16
export const INSTRUMENT_SUMMARY_SECURITY_STATUS = 34; // u8
export const INSTRUMENT_SUMMARY_SECURITY_TRADING_STATUS = 35; // u8, optional
export const INSTRUMENT_SUMMARY_MARKET_CONDITION = 36; // u8
export const INSTRUMENT_SUMMARY_FAST_MARKET_INDICATOR = 37; // u8
export const INSTRUMENT_SUMMARY_SECURITY_TRADING_EVENT = 38; // u8, optional
export const INSTRUMENT_SUMMARY_SOLD_OUT_INDICATOR = 39; // u8, optional
export const INSTRUMENT_SUMMARY_HIGH_PX = 40; // i64 e-8, optional
export const INSTRUMENT_SUMMARY_LOW_PX = 48; // i64 e-8, optional
export const INSTRUMENT_SUMMARY_PRODUCT_COMPLEX = 56; // u8
export const INSTRUMENT_SUMMARY_NO_MD_ENTRIES = 57; // u8
export const INSTRUMENT_SUMMARY_TES_SECURITY_STATUS = 58; // u8, optional
export const INSTRUMENT_SUMMARY_MD_INSTRUMENT_ENTRY_GRP = 64; // 18 at most
export const MD_INSTRUMENT_ENTRY_GRP_ENTRY_BYTES = 32;
export const MD_INSTRUMENT_ENTRY_GRP_MD_ENTRY_PX = 0; // i64 e-8, optional
export const MD_INSTRUMENT_ENTRY_GRP_MD_ENTRY_SIZE = 8; // i64 e-4, optional
export const MD_INSTRUMENT_ENTRY_GRP_MD_ORIGIN_TYPE = 16; // u8, optional
export const MD_INSTRUMENT_ENTRY_GRP_MD_ENTRY_TYPE = 17; // u8
export const MD_INSTRUMENT_ENTRY_GRP_TRADE_CONDITION = 18; // u16, optional
export const MD_INSTRUMENT_ENTRY_GRP_TRD_TYPE = 20; // u16, optional
export const MD_INSTRUMENT_ENTRY_GRP_MULTI_LEG_REPORTING_TYPE = 22; // u8, optional
export const MD_INSTRUMENT_ENTRY_GRP_MULTI_LEG_PRICE_MODEL = 23; // u8, optional
export const MD_INSTRUMENT_ENTRY_GRP_NON_DISCLOSED_TRADE_VOLUME = 24; // i64 e-4, optional

// SnapshotOrder, 13602
export const SNAPSHOT_ORDER_TEMPLATE = 13602;
export const SNAPSHOT_ORDER_BYTES = 40;
export const SNAPSHOT_ORDER_ORDER_DETAILS = 8; // component

// Template, bytes and name of every message.
export const MESSAGES = [
  [13001, 16, "Heartbeat"],
  [13002, 32, "PacketHeader"],
  [13100, 56, "OrderAdd"],
  [13101, 88, "OrderModify"],
  [13102, 64, "OrderDelete"],
  [13103, 24, "OrderMassDelete"],
  [13104, 56, "FullOrderExecution"],
  [13105, 56, "PartialOrderExecution"],
  [13106, 72, "OrderModifySamePrio"],
  [13200, 488, "TradeReversal"],
  [13201, 56, "TradeReport"],
  [13202, 104, "ExecutionSummary"],
  [13203, 80, "TESTradeReport"],
  [13300, 24, "ProductStateChange"],
  [13301, 56, "InstrumentStateChange"],
  [13302, 800, "MassInstrumentStateChange"],
  [13400, 880, "AddComplexInstrument"],
  [13401, 96, "AddFlexibleInstrument"],
  [13402, 80, "AddScaledSimpleInstrument"],
  [13500, 64, "AuctionBBO"],
  [13501, 56, "AuctionClearingPrice"],
  [13502, 48, "CrossRequest"],
  [13503, 40, "QuoteRequest"],
  [13504, 64, "TopOfBook"],
  [13600, 24, "ProductSummary"],
  [13601, 640, "InstrumentSummary"],
  [13602, 40, "SnapshotOrder"],
] as const;
